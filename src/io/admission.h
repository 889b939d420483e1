// Who may connect: a cap on connections in all and from one address. Existing clients win.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace camloop {

class Admission {
 public:
  struct Limits {
    size_t connections_max;
    size_t per_host_max;
  };

  /// A place, given back when it is destroyed; it may outlive the Admission.
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept = default;
    Pass& operator=(Pass&& other) noexcept;
    ~Pass() { give_back(); }

   private:
    friend class Admission;
    struct Ledger;
    Pass(std::shared_ptr<Ledger> ledger, std::string host);
    void give_back();

    std::shared_ptr<Ledger> ledger_;
    std::string host_;
  };

  explicit Admission(Limits limits);
  /// A copy goes on with the same places, so that they are not given away twice.
  Admission(const Admission&) = default;

  /// For who comes from now on.
  void set_limits(Limits limits) { limits_ = limits; }

  /// A place for `host`, or the reason why there is none; refusals are counted.
  Result<Pass> admit(const std::string& host);

  size_t connections() const;
  uint64_t refused() const { return refused_; }
  uint64_t admitted() const { return admitted_; }

 private:
  Limits limits_;
  std::shared_ptr<Pass::Ledger> ledger_;
  uint64_t admitted_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace camloop
