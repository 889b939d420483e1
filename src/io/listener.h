// Listener: accepts TCP connections, within limits, whatever the state of the descriptor table.
#pragma once

#include "io/address.h"
#include "io/admission.h"
#include "io/stream.h"

#include <functional>
#include <string>

namespace camloop {

class Listener : public Handle {
 public:
  using OnAccept = std::function<void(Owned<Stream> stream)>;

  /// Binds and listens. The Error names the address and what is wrong with it. `refusal` is sent to
  /// a client that finds no place before it is closed (say, an HTTP reply); it must outlive the
  /// Listener. `before` is one that is dropped once this one is there: it may be on the same port.
  static Result<Owned<Listener>> open(Loop& loop, const Address& address, Admission::Limits limits,
                                      std::string_view refusal, OnAccept on_accept,
                                      Listener* before = nullptr);
  /// One that takes this one's place on another address, be it another host on the same port: it
  /// goes on with the same connections, limits and counts. Drop this one once it is there.
  Result<Owned<Listener>> open_successor(const Address& address);

  void set_limits(Admission::Limits limits) { admission_.set_limits(limits); }

  /// The address bound, with the port the kernel chose where 0 was asked for.
  const Address& address() const { return address_; }
  const Admission& admission() const { return admission_; }
  /// Connections turned away because the process or the system had no descriptor or memory left.
  uint64_t starved() const { return starved_; }

 private:
  Listener(Loop& loop, int socket, const Admission& admission, std::string_view refusal,
           OnAccept on_accept);
  ~Listener() override;

  uv_handle_t* uv() override { return reinterpret_cast<uv_handle_t*>(&poll_); }
  void on_closing() override;
  Result<int> listen_beside(const Address& address);
  void accept_some();
  void admit(int socket, const Address& peer);
  bool turn_one_away();

  uv_poll_t poll_{};
  int socket_;
  int reserve_;  // a descriptor kept back, to have one when there is none
  Address address_;
  Admission admission_;
  std::string_view refusal_;
  OnAccept on_accept_;
  uint64_t starved_ = 0;
};

}  // namespace camloop
