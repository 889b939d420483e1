#include "report/report_links.h"

#include "base/clock.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace camloop {
namespace {

void put_counts(JsonWriter& json, std::string_view name, const std::vector<ReasonCount>& counts) {
  json.key(name).open_object();
  for (const ReasonCount& each : counts) json.field(each.reason, each.count);
  json.close_object();
}

void put_times(JsonWriter& json, std::string_view name, const Histogram& times) {
  json.key(name).open_object().field("count", times.count());
  json.field("p50", milliseconds(times.quantile_us(0.5)));
  json.field("p99", milliseconds(times.quantile_us(0.99)));
  json.field("max", milliseconds(times.max_us())).close_object();
}

void put_traffic(JsonWriter& json, const LinkTraffic& traffic) {
  json.field("rounds", traffic.rounds).field("accepted", traffic.accepted);
  put_counts(json, "dropped", traffic.dropped);
  json.field("bytes_received", traffic.bytes_received).field("bytes_sent", traffic.bytes_sent);
  put_times(json, "lag_ms", traffic.lag);
  put_times(json, "age_ms", traffic.age);
}

void put_link(JsonWriter& json, const LinkFacts& link) {
  json.open_object().field("kind", link.kind).field("role", link.role);
  json.field("address", link.address).field("secure", link.secure);
  json.field("state", link.state).field("fault", link.fault);
  if (link.retry_in_us) json.field("retry_in_ms", milliseconds(*link.retry_in_us));
  json.field("connects", link.connects).field("failures", link.failures);
  put_traffic(json, link.traffic);
  put_counts(json, "ended", link.ended);
  if (link.texts) json.field("texts", *link.texts);
  if (link.rubbish_bytes) json.field("rubbish_bytes", *link.rubbish_bytes);
  if (!link.messages.empty()) put_counts(json, "messages", link.messages);
  json.key("peers").open_array();
  for (const LinkPeerFacts& peer : link.peers) {
    json.open_object().field("address", peer.address);
    put_traffic(json, peer.traffic);
    json.close_object();
  }
  json.close_array().close_object();
}

// The families of the links of one kind.
class Families {
 public:
  Families(MetricsText& text, std::span<const LinkFacts> links, std::string_view kind)
      : text_(text), links_(links), kind_(kind) {}

  template <class Value>
  void number(const char* name, const char* type, const char* help, Value value_of) {
    begin(name, type, help);
    each([&](const LinkFacts& link, const std::string& role) {
      text_.sample("{" + role + "}", static_cast<double>(value_of(link)));
    });
  }

  template <class Counts>
  void reasons(const char* name, const char* help, Counts counts_of) {
    begin(name, "counter", help);
    each([&](const LinkFacts& link, const std::string& role) {
      for (const ReasonCount& count : counts_of(link)) {
        text_.sample("{" + role + ",reason=\"" + count.reason + "\"}",
                     static_cast<double>(count.count));
      }
    });
  }

  void times(const char* name, const char* help, Histogram LinkTraffic::*times_of) {
    begin(name, "summary", help);
    each([&](const LinkFacts& link, const std::string& role) {
      const Histogram& times = link.traffic.*times_of;
      text_.sample("{" + role + ",quantile=\"0.5\"}", seconds(times.quantile_us(0.5)));
      text_.sample("{" + role + ",quantile=\"0.99\"}", seconds(times.quantile_us(0.99)));
      text_.sample("_sum{" + role + "}", seconds(times.sum_us()));
      text_.sample("_count{" + role + "}", static_cast<double>(times.count()));
    });
  }

 private:
  void begin(const char* name, const char* type, const char* help) {
    text_.family("camloop_" + std::string(kind_) + "_" + name, type, help);
  }

  template <class Visit>
  void each(Visit visit) {
    for (const LinkFacts& link : links_) {
      if (link.kind == kind_) visit(link, "role=\"" + std::string(link.role) + "\"");
    }
  }

  MetricsText& text_;
  std::span<const LinkFacts> links_;
  std::string_view kind_;
};

void put_kind(MetricsText& text, std::span<const LinkFacts> links, std::string_view kind) {
  auto is_it = [kind](const LinkFacts& link) { return link.kind == kind; };
  if (std::none_of(links.begin(), links.end(), is_it)) return;
  using Link = const LinkFacts&;
  Families families(text, links, kind);
  families.number("up", "gauge", "1 while frames pass or may.",
                  [](Link link) { return link.fault.empty(); });
  families.number("connects_total", "counter", "Connections made.",
                  [](Link link) { return link.connects; });
  families.number("failures_total", "counter", "Connections refused, or not brought about.",
                  [](Link link) { return link.failures; });
  families.number("rounds_total", "counter", "Frames begun.",
                  [](Link link) { return link.traffic.rounds; });
  families.number("accepted_total", "counter", "Frames that reached the other side in time.",
                  [](Link link) { return link.traffic.accepted; });
  families.reasons("dropped_total", "Frames that did not, by reason.",
                   [](Link link) { return link.traffic.dropped; });
  families.reasons("ended_total", "Connections that ended, by reason.",
                   [](Link link) { return link.ended; });
  families.number("received_bytes_total", "counter", "Bytes that came.",
                  [](Link link) { return link.traffic.bytes_received; });
  families.number("sent_bytes_total", "counter", "Bytes that went.",
                  [](Link link) { return link.traffic.bytes_sent; });
  families.times("lag_seconds", "How late frames were, as the protocol counts it.",
                 &LinkTraffic::lag);
  families.times("age_seconds", "How old frames were when accepted.", &LinkTraffic::age);
  if (kind == "transfer") {
    families.reasons("messages_total", "Messages that came, by what was made of them.",
                     [](Link link) { return link.messages; });
  }
  if (kind != "raw") return;
  families.number("texts_total", "counter", "Texts that went to peers, or came from the server.",
                  [](Link link) { return link.texts.value_or(0); });
  families.number("rubbish_bytes_total", "counter", "Bytes between frames that came.",
                  [](Link link) { return link.rubbish_bytes.value_or(0); });
}

}  // namespace

void put_links(JsonWriter& json, std::span<const LinkFacts> links) {
  json.key("links").open_array();
  for (const LinkFacts& link : links) put_link(json, link);
  json.close_array();
}

void put_link_metrics(MetricsText& text, std::span<const LinkFacts> links) {
  for (const char* kind : {"channel", "raw", "transfer"}) put_kind(text, links, kind);
}

}  // namespace camloop
