// The display: the newest frame on a framebuffer, as large as fits, on black.
#pragma once

#include "base/histogram.h"
#include "io/idle.h"
#include "io/timer.h"
#include "media/hub.h"
#include "media/mailbox.h"
#include "media/pacer.h"
#include "sinks/framebuffer.h"
#include "sinks/painter.h"

#include <memory>
#include <string>

namespace camloop {

/// What /state tells of the display.
struct DisplayFacts {
  std::string device;
  std::string fault;  // what it waits for; empty while it shows
  Size size;          // of the screen, 0x0 before it was first opened
  int bits = 0;       // a pixel
  uint64_t shown = 0;
  uint64_t dropped_replaced = 0;  // a newer frame came before this one could be drawn
  uint64_t dropped_broken = 0;    // could not be decoded
};

class Display : private Viewer {
 public:
  /// Opens `device` from the loop, and again after a growing wait whenever it is lost.
  Display(Loop& loop, Hub& hub, const std::string& device,
          FramebufferCalls& calls = system_framebuffer_calls());
  /// Leaves the screen black.
  ~Display();
  Display(const Display&) = delete;
  Display& operator=(const Display&) = delete;

  DisplayFacts facts() const;
  /// What drawing a frame costs, without the turns of the loop in between.
  const Histogram& draw_cost() const { return draw_cost_; }

 private:
  class Showing;

  bool wants(int64_t captured_us) override { return pacer_.due(captured_us); }
  void on_frame(const Frame& frame) override;

  void open();
  void show();
  void on_shown(std::unique_ptr<Framebuffer> framebuffer, const Result<>& shown);
  void on_first_shown();
  void lose(const Error& why);
  int64_t retry_wait_us();

  void turn();
  void begin_frame();
  void drop_frame(const Error& why);
  void finish_frame();

  Loop& loop_;
  Hub& hub_;
  FramebufferCalls& calls_;
  Owned<Timer> retry_;
  Owned<Idle> turns_;

  // Where the framebuffer is: nowhere, and retry_ runs; here, and may be drawn to; with showing_,
  // until that gives it back.
  std::unique_ptr<Framebuffer> framebuffer_;
  Showing* showing_ = nullptr;
  bool attached_ = false;  // to the hub: once the black screen has been shown, until it is lost
  int failures_ = 0;       // since then

  Pacer pacer_;
  Mailbox mailbox_;
  Painter painter_;
  int64_t spent_us_ = 0;  // on the frame being drawn

  DisplayFacts facts_;
  Histogram draw_cost_;
};

}  // namespace camloop
