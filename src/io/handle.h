// The lifetime of everything that lives on the loop.
//
// Dropping an Owned<T> detaches its owner now; the memory goes in libuv's close callback.
// A handle that ends by itself tells its owner exactly once, from that callback, never inside a
// call the owner made. A callback ends its own handle by returning an Error.
#pragma once

#include "io/loop.h"

#include <memory>

struct uv_handle_s;

namespace camloop {

class Handle {
 public:
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  Loop& loop() { return loop_; }

 protected:
  explicit Handle(Loop& loop) : loop_(loop) {}
  virtual ~Handle() = default;

  /// Neither closing nor dropped: the only time a callback may reach the owner.
  bool live() const { return owned_ && !closing_; }
  /// Begins the end; harmless when it has begun.
  void close();

 private:
  friend struct DropHandle;
  void drop();
  static void on_closed(uv_handle_s* uv);

  /// The libuv handle inside; its `data` points back to this Handle.
  virtual uv_handle_s* uv() = 0;
  /// The end has begun: give back what is not memory (a descriptor).
  virtual void on_closing() {}
  /// The end is complete and there is an owner to be told.
  virtual void on_ended() {}

  Loop& loop_;
  bool owned_ = true;
  bool closing_ = false;
  bool closed_ = false;
  bool telling_ = false;  // inside on_ended()
};

struct DropHandle {
  void operator()(Handle* handle) const { handle->drop(); }
};

template <class T>
using Owned = std::unique_ptr<T, DropHandle>;

}  // namespace camloop
