// One client of the raw link: a Stream, the splitter that finds its JPEGs, and its counts.
#pragma once

#include "base/clock.h"
#include "base/link_facts.h"
#include "io/stream.h"
#include "media/frame.h"
#include "media/jpeg_splitter.h"

#include <string>
#include <string_view>

namespace camloop {

class RawPeer;

/// Why a connection is over; raw_end_name() has the words.
enum class RawEnd { kClosed, kSilent, kUnread, kOversize };
constexpr size_t kRawEnds = 4;
const char* raw_end_name(RawEnd end);

/// The counts of a raw link: of one connection, or over all there were.
struct RawCounts {
  uint64_t accepted = 0;        // frames
  uint64_t dropped_cut = 0;     // JPEGs that stopped being one
  uint64_t dropped_broken = 0;  // JPEGs that no client could show
  uint64_t rubbish_bytes = 0;   // between JPEGs
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  uint64_t texts = 0;  // sent, the greeting aside

  RawCounts& operator+=(const RawCounts& other);
  LinkTraffic traffic() const;
};

/// What a peer asks of its source.
class RawHost {
 public:
  /// A JPEG whose first byte came at `began_us`; valid until the return. The Error says why it
  /// cannot be shown.
  virtual Result<> take_jpeg(Bytes jpeg, int64_t began_us) = 0;
  /// The connection is over; the peer must be dropped, and may be inside the call.
  virtual void peer_ended(RawPeer& peer, RawEnd end) = 0;

 protected:
  ~RawHost() = default;
};

class RawPeer : private StreamHandler {
 public:
  /// A client of which nothing comes for so long has gone without a word, or is as good as gone.
  /// Cameras that take a picture every 10 s are at home here.
  static constexpr int64_t kSilenceMax_us = 30 * kSecond_us;

  RawPeer(Owned<Stream> stream, std::string_view greeting, RawHost& host);

  /// False: it reads none, and is to be dropped.
  [[nodiscard]] bool send_text(std::string_view text);
  bool silent(int64_t now_us) const { return now_us - heard_us_ > kSilenceMax_us; }
  /// It is dropped by its host, which then is not told of an end.
  void log_end(const Error& why) const;

  std::string address() const { return stream_->peer().text(); }
  RawCounts counts() const;

 private:
  Result<> on_bytes(Bytes bytes) override;
  void on_end(const Error& why) override;

  void take_jpeg();
  bool send(std::string_view text);

  Owned<Stream> stream_;
  RawHost& host_;
  JpegSplitter splitter_{kFrameSizeMax};
  int64_t heard_us_;
  int64_t began_us_ = 0;  // the JPEG that is coming, or came last
  RawCounts counts_;      // but for those that splitter and stream keep
  RawEnd end_ = RawEnd::kClosed;
};

}  // namespace camloop
