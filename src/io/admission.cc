#include "io/admission.h"

#include <utility>

namespace camloop {

struct Admission::Pass::Ledger {
  std::map<std::string, size_t> per_host;
  size_t connections = 0;
};

Admission::Pass::Pass(std::shared_ptr<Ledger> ledger, std::string host)
    : ledger_(std::move(ledger)), host_(std::move(host)) {
  ++ledger_->connections;
  ++ledger_->per_host[host_];
}

Admission::Pass& Admission::Pass::operator=(Pass&& other) noexcept {
  std::swap(ledger_, other.ledger_);
  std::swap(host_, other.host_);
  return *this;
}

void Admission::Pass::give_back() {
  if (!ledger_) return;
  --ledger_->connections;
  auto place = ledger_->per_host.find(host_);
  if (--place->second == 0) ledger_->per_host.erase(place);
}

Admission::Admission(Limits limits) : limits_(limits), ledger_(std::make_shared<Pass::Ledger>()) {}

Result<Admission::Pass> Admission::admit(const std::string& host) {
  auto place = ledger_->per_host.find(host);
  size_t from_host = place == ledger_->per_host.end() ? 0 : place->second;
  const char* reason = nullptr;
  if (ledger_->connections >= limits_.connections_max)
    reason = "too many connections";
  else if (from_host >= limits_.per_host_max)
    reason = "too many connections from one address";
  if (reason) {
    ++refused_;
    return Error{reason};
  }
  ++admitted_;
  return Pass(ledger_, host);
}

size_t Admission::connections() const {
  return ledger_->connections;
}

}  // namespace camloop
