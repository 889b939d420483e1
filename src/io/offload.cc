#include "io/offload.h"

#include "base/check.h"

#include <utility>

#include <uv.h>

namespace camloop {
namespace {

struct Work {
  uv_work_t request{};
  Loop& loop;
  std::unique_ptr<BlockingCall> call;
};

void run(uv_work_t* request) {
  static_cast<Work*>(request->data)->call->run();
}

void on_returned(uv_work_t* request, int) {
  std::unique_ptr<Work> work(static_cast<Work*>(request->data));
  Loop::Turn turn(work->loop);
  work->call->on_returned();
}

}  // namespace

void offload(Loop& loop, std::unique_ptr<BlockingCall> call) {
  auto* work = new Work{.loop = loop, .call = std::move(call)};
  work->request.data = work;
  CHECK(uv_queue_work(loop.uv(), &work->request, run, on_returned) == 0);
}

}  // namespace camloop
