#include "sinks/display.h"

#include "base/clock.h"
#include "base/log.h"
#include "io/offload.h"

#include <algorithm>
#include <utility>

namespace camloop {
namespace {

// Film runs at 24, and a panel on a serial bus takes little more.
constexpr double kFps = 30;
// How long one slice of drawing holds the loop: half of the 2 ms that a callback may take on the
// board, since a slice ends with the step during which the time ran out.
constexpr int64_t kSlice_us = 1000;
constexpr int64_t kRetryMin_us = 250 * kMillisecond_us;
constexpr int64_t kRetryMax_us = 8 * kSecond_us;

void leave_black(Framebuffer& framebuffer) {
  framebuffer.clear();
  if (Result<> shown = framebuffer.show(); !shown) log_debug("%s", shown.error().text.c_str());
}

}  // namespace

// Has what is drawn brought to the screen, and gives the framebuffer back.
class Display::Showing final : public BlockingCall {
 public:
  Showing(Display& display, std::unique_ptr<Framebuffer> framebuffer)
      : display_(&display), framebuffer_(std::move(framebuffer)) {}

  void forget_display() { display_ = nullptr; }
  void run() override { shown_ = framebuffer_->show(); }
  void on_returned() override {
    if (display_) return display_->on_shown(std::move(framebuffer_), shown_);
    leave_black(*framebuffer_);
  }

 private:
  Display* display_;
  std::unique_ptr<Framebuffer> framebuffer_;
  Result<> shown_;
};

Display::Display(Loop& loop, Hub& hub, const std::string& device, FramebufferCalls& calls)
    : loop_(loop),
      hub_(hub),
      calls_(calls),
      retry_(Timer::create(loop, [this] { open(); })),
      turns_(Idle::create(loop, [this] { turn(); })),
      pacer_(kFps) {
  facts_.device = device;
  facts_.fault = "not opened yet";
  retry_->start(0);
}

Display::~Display() {
  if (attached_) hub_.detach(*this);
  if (showing_) showing_->forget_display();
  if (framebuffer_) leave_black(*framebuffer_);
}

DisplayFacts Display::facts() const {
  DisplayFacts facts = facts_;
  facts.dropped_replaced = mailbox_.replaced();
  return facts;
}

// ---- The screen

void Display::open() {
  auto opened = Framebuffer::open(calls_, facts_.device);
  if (!opened) return lose(opened.error());
  framebuffer_ = std::move(opened).value();
  facts_.size = framebuffer_->size();
  facts_.bits = framebuffer_->bits();
  framebuffer_->clear();
  show();
}

void Display::show() {
  auto showing = std::make_unique<Showing>(*this, std::move(framebuffer_));
  showing_ = showing.get();
  offload(loop_, std::move(showing));
}

void Display::on_shown(std::unique_ptr<Framebuffer> framebuffer, const Result<>& shown) {
  showing_ = nullptr;
  if (!shown) return lose(shown.error());
  framebuffer_ = std::move(framebuffer);
  if (!attached_) return on_first_shown();
  ++facts_.shown;
  if (!mailbox_.empty()) turns_->start();
}

void Display::on_first_shown() {
  failures_ = 0;
  facts_.fault.clear();
  log_info("display %s: %dx%d, %d bits a pixel", facts_.device.c_str(), facts_.size.width,
           facts_.size.height, facts_.bits);
  attached_ = true;
  hub_.attach(*this);
}

// Never from inside on_frame(): the hub does not bear it.
void Display::lose(const Error& why) {
  if (std::exchange(attached_, false)) hub_.detach(*this);
  turns_->stop();
  painter_.end();
  mailbox_.take();
  framebuffer_.reset();
  retry_->start(retry_wait_us());
  if (why.text == facts_.fault) return;
  facts_.fault = why.text;
  log_warning("display %s", why.text.c_str());
}

int64_t Display::retry_wait_us() {
  int64_t wait_us = kRetryMin_us;
  for (int i = 0; i < failures_ && wait_us < kRetryMax_us; ++i) wait_us *= 2;
  ++failures_;
  return wait_us;
}

// ---- Frames

void Display::on_frame(const Frame& frame) {
  if (!pacer_.due(frame.captured_us)) return;
  pacer_.take(frame.captured_us);
  mailbox_.put(frame);
  if (framebuffer_) turns_->start();
}

void Display::turn() {
  if (!painter_.busy()) return begin_frame();
  int64_t begin_us = monotonic_us();
  int64_t now_us = begin_us;
  Result<bool> drawn = false;
  while (drawn && !drawn.value() && now_us - begin_us < kSlice_us) {
    drawn = painter_.step();
    now_us = monotonic_us();
  }
  spent_us_ += now_us - begin_us;
  if (!drawn) return drop_frame(drawn.error());
  if (drawn.value()) finish_frame();
}

void Display::begin_frame() {
  if (Result<> there = framebuffer_->check(); !there) return lose(there.error());
  spent_us_ = 0;
  Result<> begun = painter_.begin(mailbox_.take(), *framebuffer_);
  if (!begun) drop_frame(begun.error());
}

void Display::drop_frame(const Error& why) {
  ++facts_.dropped_broken;
  log_warning("display: a frame cannot be shown: %s", why.text.c_str());
  painter_.end();
  if (mailbox_.empty()) turns_->stop();
}

void Display::finish_frame() {
  draw_cost_.add(spent_us_);
  turns_->stop();
  show();
}

}  // namespace camloop
