#include "io/dial.h"

#include "base/check.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <netdb.h>
#include <unistd.h>
#include <uv.h>

namespace camloop {
namespace {

// Of a name with more addresses, the first ones: a try comes to an end.
constexpr size_t kAddressesMax = 4;

int socket_error(int socket) {
  int code = 0;
  socklen_t size = sizeof code;
  getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size);
  return code;
}

}  // namespace

struct Dial::Lookup {
  uv_getaddrinfo_t request{};
  Loop& loop;
  Dial* dial;  // none once that has been dropped
};

Dial::Dial(Loop& loop, const Endpoint& endpoint, OnDone on_done, int64_t patience_us)
    : loop_(loop),
      endpoint_(endpoint),
      on_done_(std::move(on_done)),
      patience_us_(patience_us),
      overdue_(Timer::create(loop, [this] { on_overdue(); })) {
  look_up();
}

Dial::~Dial() {
  if (lookup_) {
    lookup_->dial = nullptr;
    uv_cancel(reinterpret_cast<uv_req_t*>(&lookup_->request));
  }
  forget_socket();
}

void Dial::look_up() {
  lookup_ = new Lookup{.loop = loop_, .dial = this};
  lookup_->request.data = lookup_;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  auto on_done = [](uv_getaddrinfo_t* request, int status, addrinfo* found) {
    std::unique_ptr<Lookup> lookup(static_cast<Lookup*>(request->data));
    Loop::Turn turn(lookup->loop);
    if (lookup->dial) lookup->dial->on_resolved(status, found);
    uv_freeaddrinfo(found);
  };
  std::string port = std::to_string(endpoint_.port);
  CHECK(uv_getaddrinfo(loop_.uv(), &lookup_->request, on_done, endpoint_.host.c_str(), port.c_str(),
                       &hints) == 0);
  overdue_->start(patience_us_);
}

void Dial::on_resolved(int status, const addrinfo* found) {
  lookup_ = nullptr;
  if (status != 0) return fail("its name is not known: " + std::string(uv_strerror(status)));
  for (; found && addresses_.size() < kAddressesMax; found = found->ai_next) {
    Address address;
    std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
    addresses_.push_back(address);
  }
  std::reverse(addresses_.begin(), addresses_.end());
  try_next();
}

void Dial::try_next() {
  forget_socket();
  if (addresses_.empty()) return fail(why_);
  Address address = addresses_.back();
  addresses_.pop_back();
  socket_ = socket(address.raw()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0 ||
      (connect(socket_, address.raw(), address.raw_size()) != 0 && errno != EINPROGRESS)) {
    why_ = address.text() + ": " + std::strerror(errno);
    return try_next();
  }
  auto on_ready = [this, address](bool) { on_connected(address); };
  connecting_ = Poll::create(loop_, socket_, on_ready, Poll::Event::kWritable);
  connecting_->start();
  overdue_->start(patience_us_);
}

void Dial::on_connected(const Address& address) {
  if (int code = socket_error(socket_)) {
    why_ = address.text() + ": " + std::strerror(code);
    return try_next();
  }
  connecting_.reset();
  finish(Stream::adopt(loop_, std::exchange(socket_, -1), address, {}));
}

void Dial::on_overdue() {
  if (lookup_) return fail("the resolver does not answer");
  why_ = "no answer";
  try_next();
}

void Dial::forget_socket() {
  connecting_.reset();
  if (socket_ >= 0) close(std::exchange(socket_, -1));
}

void Dial::fail(const std::string& why) {
  finish(Error{"cannot connect to " + endpoint_.text() + ": " + why});
}

// Last of all, as it may drop the Dial.
void Dial::finish(Result<Owned<Stream>> result) {
  overdue_->stop();
  OnDone on_done = std::move(on_done_);
  on_done(std::move(result));
}

}  // namespace camloop
