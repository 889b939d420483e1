#include "io/line_service.h"

#include <utility>

namespace camloop {
namespace {

// A client is there for as long as one text takes, so a few are many.
constexpr Admission::Limits kLimits{.connections_max = 32, .per_host_max = 8};

}  // namespace

class LineService::Client : public StreamHandler {
 public:
  Client(LineService& service, Owned<Stream> stream)
      : service_(service), stream_(std::move(stream)) {
    stream_->start(*this);
    if (stream_->write(as_bytes(service.text_()))) stream_->finish();
  }

  /// Whether it has been here for a whole period of the deadline.
  bool overdue() { return std::exchange(seen_, true); }

 private:
  Result<> on_bytes(Bytes) override { return {}; }
  void on_end(const Error&) override { service_.forget(*this); }

  LineService& service_;
  Owned<Stream> stream_;
  bool seen_ = false;
};

Result<std::unique_ptr<LineService>> LineService::open(Loop& loop, const Address& address,
                                                       Text text, int64_t patience_us) {
  std::unique_ptr<LineService> service(new LineService(loop, std::move(text), patience_us));
  auto serve = [raw = service.get()](Owned<Stream> stream) { raw->serve(std::move(stream)); };
  service->listener_ = TRY(Listener::open(loop, address, kLimits, "", serve));
  return service;
}

LineService::LineService(Loop& loop, Text text, int64_t patience_us)
    : text_(std::move(text)),
      patience_us_(patience_us),
      deadline_(Timer::create(loop, [this] { on_deadline(); })) {}

LineService::~LineService() = default;

void LineService::serve(Owned<Stream> stream) {
  if (clients_.empty()) deadline_->start_periodic(patience_us_);
  clients_.push_back(std::make_unique<Client>(*this, std::move(stream)));
}

void LineService::forget(const Client& client) {
  std::erase_if(clients_, [&client](const auto& each) { return each.get() == &client; });
  if (clients_.empty()) deadline_->stop();
}

void LineService::on_deadline() {
  std::erase_if(clients_, [](const auto& each) { return each->overdue(); });
  if (clients_.empty()) deadline_->stop();
}

}  // namespace camloop
