#include "io/handle.h"

#include "base/check.h"

#include <uv.h>

namespace camloop {

void Handle::close() {
  if (closing_) return;
  closing_ = true;
  uv_close(uv(), &Handle::on_closed);
  on_closing();
}

void Handle::drop() {
  CHECK(owned_);
  owned_ = false;
  if (!closed_) {
    close();
  } else if (!telling_) {
    delete this;
  }
}

void Handle::on_closed(uv_handle_t* uv) {
  auto* handle = static_cast<Handle*>(uv->data);
  handle->closed_ = true;
  if (handle->owned_) {
    handle->telling_ = true;
    handle->on_ended();
    handle->telling_ = false;
  }
  if (!handle->owned_) delete handle;
}

}  // namespace camloop
