// Errors as values: Error, Result<T>, and TRY to hand an error to the caller.
#pragma once

#include "base/check.h"

#include <cstring>
#include <string>
#include <utility>
#include <variant>

namespace camloop {

/// The world went wrong. The text is one line for a person: what failed, on what, and why.
struct Error {
  std::string text;
  /// The errno behind it, 0 where there is none.
  int code = 0;
};

/// "what: strerror(code)".
inline Error system_error(const std::string& what, int code) {
  return Error{what + ": " + std::strerror(code), code};
}

/// A T or the Error that took its place.
template <class T = void>
class [[nodiscard]] Result {
 public:
  Result(T value) : either_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : either_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return either_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return *checked(std::get_if<0>(&either_)); }
  const T& value() const& { return *checked(std::get_if<0>(&either_)); }
  T&& value() && { return std::move(*checked(std::get_if<0>(&either_))); }
  const Error& error() const { return *checked(std::get_if<1>(&either_)); }

 private:
  template <class P>
  static P* checked(P* side) {
    CHECK(side != nullptr);
    return side;
  }

  std::variant<T, Error> either_;
};

/// Success without a value, or an Error: `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}  // NOLINT

  bool ok() const { return !failed_; }
  explicit operator bool() const { return ok(); }
  void value() const { CHECK(!failed_); }
  const Error& error() const {
    CHECK(failed_);
    return error_;
  }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace camloop

/// The value of a Result, or a return of its Error from the function this stands in.
#define TRY(expression)                                \
  ({                                                   \
    auto try_result_ = (expression);                   \
    if (!try_result_.ok()) return try_result_.error(); \
    std::move(try_result_).value();                    \
  })
