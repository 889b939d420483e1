// libjpeg's errors as return values, for what encodes and decodes with it.
#pragma once

#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

namespace camloop {

/// Where libjpeg jumps back to, and why it did. Plain, so that longjmp crosses nothing that has a
/// destructor.
struct JpegErrors : jpeg_error_mgr {
  jmp_buf on_error;
  char message[JMSG_LENGTH_MAX];
};

/// For `err` of a codec: fatal errors end its guarded() call, warnings are silent.
inline jpeg_error_mgr* set_up(JpegErrors& errors) {
  jpeg_std_error(&errors);
  errors.error_exit = [](j_common_ptr jpeg) {
    auto* self = static_cast<JpegErrors*>(jpeg->err);
    self->format_message(jpeg, self->message);
    std::longjmp(self->on_error, 1);
  };
  errors.emit_message = [](j_common_ptr, int) {};
  errors.output_message = [](j_common_ptr) {};
  return &errors;
}

/// Runs `call`, in which nothing may wait to be destroyed; false, with the message, if libjpeg gave
/// up.
template <class Codec, class Call>
bool guarded(Codec& jpeg, Call call) {
  if (setjmp(static_cast<JpegErrors*>(jpeg.err)->on_error) != 0) return false;
  call(&jpeg);
  return true;
}

}  // namespace camloop
