#include "sources/raw_peer.h"

#include "base/log.h"

#include <utility>

namespace camloop {

const char* raw_end_name(RawEnd end) {
  constexpr const char* kNames[kRawEnds] = {"closed", "silent", "unread", "oversize"};
  return kNames[static_cast<size_t>(end)];
}

RawCounts& RawCounts::operator+=(const RawCounts& other) {
  accepted += other.accepted;
  dropped_cut += other.dropped_cut;
  dropped_broken += other.dropped_broken;
  rubbish_bytes += other.rubbish_bytes;
  bytes_received += other.bytes_received;
  bytes_sent += other.bytes_sent;
  texts += other.texts;
  return *this;
}

LinkTraffic RawCounts::traffic() const {
  LinkTraffic traffic{.rounds = accepted + dropped_cut + dropped_broken, .accepted = accepted};
  traffic.dropped = {{"cut", dropped_cut}, {"broken", dropped_broken}};
  traffic.bytes_received = bytes_received;
  traffic.bytes_sent = bytes_sent;
  return traffic;
}

RawPeer::RawPeer(Owned<Stream> stream, std::string_view greeting, RawHost& host)
    : stream_(std::move(stream)), host_(host), heard_us_(monotonic_us()) {
  // Without TCP_NODELAY at the far end, a frame's last piece waits for this.
  stream_->set_quick_acks();
  stream_->start(*this);
  // The socket is new and empty: a line fits.
  if (!greeting.empty()) (void)send(std::string(greeting) + "\n");
}

bool RawPeer::send(std::string_view text) {
  if (!stream_->write(as_bytes(text))) return false;
  counts_.bytes_sent += text.size();
  return true;
}

bool RawPeer::send_text(std::string_view text) {
  if (!send(text)) return false;
  ++counts_.texts;
  return true;
}

RawCounts RawPeer::counts() const {
  RawCounts counts = counts_;
  counts.dropped_cut = splitter_.cut_count();
  counts.rubbish_bytes = splitter_.passed_over();
  counts.bytes_received = stream_->bytes_received();
  return counts;
}

Result<> RawPeer::on_bytes(Bytes bytes) {
  heard_us_ = monotonic_us();
  while (!bytes.empty()) {
    if (!splitter_.within_jpeg()) began_us_ = heard_us_;
    bytes = bytes.subspan(splitter_.feed(bytes));
    if (splitter_.complete()) take_jpeg();
    if (splitter_.outgrown()) {
      end_ = RawEnd::kOversize;
      return Error{"a frame of more than 8 MB"};
    }
  }
  return {};
}

// One that is broken inside is no reason to part: the next one's beginning is found.
void RawPeer::take_jpeg() {
  Result<> taken = host_.take_jpeg(splitter_.jpeg(), began_us_);
  if (taken.ok()) {
    ++counts_.accepted;
    return;
  }
  ++counts_.dropped_broken;
  log_debug("raw link: %s: %s", address().c_str(), taken.error().text.c_str());
}

void RawPeer::log_end(const Error& why) const {
  log_info("raw link: %s left after %llu frames: %s", address().c_str(),
           static_cast<unsigned long long>(counts_.accepted), why.text.c_str());
}

void RawPeer::on_end(const Error& why) {
  log_end(why);
  host_.peer_ended(*this, end_);
}

}  // namespace camloop
