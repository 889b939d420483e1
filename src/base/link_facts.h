// What a link to another program tells about itself, for /state and /metrics, whichever protocol it
// speaks and whichever end it is.
#pragma once

#include "base/histogram.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace camloop {

/// How often something happened for a reason: a word such as "late". Owners list every reason they
/// know, with 0 for those that did not occur, so that a metric is there before its first event.
struct ReasonCount {
  const char* reason;
  uint64_t count;
};

/// What passed over one connection, or over all there were.
struct LinkTraffic {
  uint64_t rounds = 0;               // frames begun, whatever became of them
  uint64_t accepted = 0;             // frames that reached the other side whole and in time
  std::vector<ReasonCount> dropped;  // frames that did not
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  Histogram lag;  // of rounds, as the protocol counts it; empty where it knows none
  Histogram age;  // of frames when accepted, since the camera took them; empty where unknown
};

struct LinkPeerFacts {
  std::string address;
  LinkTraffic traffic;
};

struct LinkFacts {
  const char* kind;     // "channel", "raw", "transfer"
  const char* role;     // "receiver", "sender"
  std::string address;  // that it listens on, or that it connects to
  bool secure = false;  // by TLS
  std::string state;    // of a sender's one connection: as UplinkFacts; "listening" of a receiver
  std::string fault;    // why nothing passes; empty while all is well
  std::optional<int64_t> retry_in_us;  // while a sender waits to connect again
  uint64_t connects = 0;               // connections there were, those of now included
  uint64_t failures = 0;               // connections refused by a receiver; a sender's attempts
  LinkTraffic traffic;                 // in all, peers of now included
  std::vector<ReasonCount> ended;      // connections, by reason
  std::vector<LinkPeerFacts> peers;    // connected to a receiver now
  // Of a raw link.
  std::optional<uint64_t> texts;          // that the receiver sent, one a peer; or the sender got
  std::optional<uint64_t> rubbish_bytes;  // between the frames that came to a receiver
  // Of an image transfer: what was made of each message that came.
  std::vector<ReasonCount> messages;
};

}  // namespace camloop
