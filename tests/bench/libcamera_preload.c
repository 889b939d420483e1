// A V4L2 camera made of a recorded file, for a server that reads nothing else.
//
//   LD_PRELOAD=libcamera_preload.so BENCH_CAMERA=frames.mjpeg ustreamer --device frames.mjpeg
//
// Opening the file named by BENCH_CAMERA gives a timerfd, which select, poll and epoll understand
// without help; the ioctls on it are answered here. A name that ends in .mjpeg holds JPEGs, any
// other 640x480 YUYV.
//
// The camera costs its server almost nothing: a buffer is filled once, when it is mapped, and shows
// the same frame for ever. A DQBUF only stamps the JPEG's comment with the wall clock.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "capture_stamp.h"

enum {
  kWidth = 640,
  kHeight = 480,
  kBufferBytes = kWidth * kHeight * 2,  // A YUYV frame; no JPEG here is larger.
  kYuyvBuffers = 32,                    // The most V4L2 knows, so that many frames differ.
};

static struct {
  int fd;
  bool jpeg;
  struct v4l2_fract frame_time;
  unsigned buffer_count;
  struct {
    unsigned char* data;
    unsigned bytes;
  } buffers[VIDEO_MAX_FRAME];
  unsigned queue[VIDEO_MAX_FRAME];  // Buffers lent to the driver, the oldest at queue_head.
  unsigned queue_head;
  unsigned queued;
  unsigned sequence;
} camera = {.fd = -1, .frame_time = {1, 30}};

static bool is_camera(const char* path) {
  const char* wanted = getenv("BENCH_CAMERA");
  return wanted != NULL && strcmp(path, wanted) == 0;
}

static int open_camera(const char* path, int flags) {
  camera.fd =
      timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | (flags & O_NONBLOCK ? TFD_NONBLOCK : 0));
  const char* dot = strrchr(path, '.');
  camera.jpeg = dot != NULL && strcmp(dot, ".mjpeg") == 0;
  return camera.fd;
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if (is_camera(path)) return open_camera(path, flags);
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

// Copies frame number `index` of the recording into `buffer` and returns its bytes; 0: there is
// none.
static size_t read_frame(unsigned index, unsigned char* buffer) {
  int file = (int)syscall(SYS_openat, AT_FDCWD, getenv("BENCH_CAMERA"), O_RDONLY);
  struct stat facts;
  if (file < 0 || fstat(file, &facts) != 0) return 0;
  size_t size = (size_t)facts.st_size;
  unsigned char* data =
      (unsigned char*)syscall(SYS_mmap, NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (data == MAP_FAILED) return 0;

  size_t at = 0;
  size_t bytes = kBufferBytes;
  for (unsigned frame = 0; frame <= index && bytes > 0; ++frame) {
    if (frame > 0) at += bytes;
    if (camera.jpeg) bytes = jpeg_bytes(data + at, size - at);
  }
  if (bytes > kBufferBytes || at + bytes > size) bytes = 0;
  memcpy(buffer, data + at, bytes);
  munmap(data, size);
  return bytes;
}

void* mmap(void* hint, size_t bytes, int protection, int flags, int fd, off_t offset) {
  if (fd < 0 || fd != camera.fd)
    return (void*)syscall(SYS_mmap, hint, bytes, protection, flags, fd, offset);
  unsigned index = (unsigned)(offset / kBufferBytes);
  if (index >= camera.buffer_count || bytes != kBufferBytes) {
    errno = EINVAL;
    return MAP_FAILED;
  }
  unsigned char* data = (unsigned char*)syscall(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE,
                                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return data;
  camera.buffers[index].data = data;
  camera.buffers[index].bytes = (unsigned)read_frame(index, data);
  return data;
}

static int fail(int error) {
  errno = error;
  return -1;
}

static int query_capability(struct v4l2_capability* capability) {
  memset(capability, 0, sizeof *capability);
  strcpy((char*)capability->driver, "recorded");
  strcpy((char*)capability->card, "recorded camera");
  capability->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
  capability->capabilities = capability->device_caps | V4L2_CAP_DEVICE_CAPS;
  return 0;
}

static int set_format(struct v4l2_pix_format* format) {
  memset(format, 0, sizeof *format);
  format->width = kWidth;
  format->height = kHeight;
  format->pixelformat = camera.jpeg ? V4L2_PIX_FMT_MJPEG : V4L2_PIX_FMT_YUYV;
  format->field = V4L2_FIELD_NONE;
  format->bytesperline = camera.jpeg ? 0 : kWidth * 2;
  format->sizeimage = kBufferBytes;
  format->colorspace = V4L2_COLORSPACE_JPEG;
  return 0;
}

static int set_frame_time(struct v4l2_captureparm* parameters, bool set) {
  if (set && parameters->timeperframe.numerator > 0 && parameters->timeperframe.denominator > 0)
    camera.frame_time = parameters->timeperframe;
  memset(parameters, 0, sizeof *parameters);
  parameters->capability = V4L2_CAP_TIMEPERFRAME;
  parameters->timeperframe = camera.frame_time;
  return 0;
}

static int request_buffers(struct v4l2_requestbuffers* request) {
  if (request->memory != V4L2_MEMORY_MMAP) return fail(EINVAL);
  if (request->count > 0 && !camera.jpeg) request->count = kYuyvBuffers;
  if (request->count > VIDEO_MAX_FRAME) request->count = VIDEO_MAX_FRAME;
  camera.buffer_count = request->count;
  camera.queued = 0;
  return 0;
}

static int query_buffer(struct v4l2_buffer* buffer) {
  if (buffer->index >= camera.buffer_count) return fail(EINVAL);
  buffer->memory = V4L2_MEMORY_MMAP;
  buffer->length = kBufferBytes;
  buffer->m.offset = buffer->index * kBufferBytes;
  return 0;
}

static int queue_buffer(const struct v4l2_buffer* buffer) {
  if (buffer->index >= camera.buffer_count || camera.queued == VIDEO_MAX_FRAME) return fail(EINVAL);
  camera.queue[(camera.queue_head + camera.queued++) % VIDEO_MAX_FRAME] = buffer->index;
  return 0;
}

static void stamp(unsigned char* jpeg) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  char text[32];
  snprintf(text, sizeof text, "%010lld.%06ld", (long long)now.tv_sec, now.tv_nsec / 1000);
  memcpy(jpeg + kCaptureStampAt, text, kCaptureStampBytes);
}

// Ticks that nobody took are frames lost, as the newest is all that a buffer here can show.
static int dequeue_buffer(struct v4l2_buffer* buffer) {
  uint64_t ticks;
  if (read(camera.fd, &ticks, sizeof ticks) < 0) return -1;
  if (camera.queued == 0) return fail(EAGAIN);
  unsigned index = camera.queue[camera.queue_head];
  camera.queue_head = (camera.queue_head + 1) % VIDEO_MAX_FRAME;
  --camera.queued;
  if (camera.jpeg) stamp(camera.buffers[index].data);

  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  buffer->index = index;
  buffer->bytesused = camera.buffers[index].bytes;
  buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
  buffer->field = V4L2_FIELD_NONE;
  buffer->timestamp.tv_sec = now.tv_sec;
  buffer->timestamp.tv_usec = now.tv_nsec / 1000;
  buffer->sequence = camera.sequence++;
  return 0;
}

static int stream(bool on) {
  long period_ns =
      on ? 1000000000L * camera.frame_time.numerator / camera.frame_time.denominator : 0;
  struct timespec period = {period_ns / 1000000000L, period_ns % 1000000000L};
  struct itimerspec setting = {period, period};
  if (!on) camera.queued = 0;
  return timerfd_settime(camera.fd, 0, &setting, NULL);
}

// Takes 32 bits of the request, as callers that keep it in an int extend its sign.
static int answer(uint32_t request, void* argument) {
  switch (request) {
    case VIDIOC_QUERYCAP:
      return query_capability(argument);
    case VIDIOC_S_INPUT:
      return *(int*)argument == 0 ? 0 : fail(EINVAL);
    case VIDIOC_G_FMT:
    case VIDIOC_S_FMT:
      return set_format(&((struct v4l2_format*)argument)->fmt.pix);
    case VIDIOC_G_PARM:
      return set_frame_time(&((struct v4l2_streamparm*)argument)->parm.capture, false);
    case VIDIOC_S_PARM:
      return set_frame_time(&((struct v4l2_streamparm*)argument)->parm.capture, true);
    case VIDIOC_REQBUFS:
      return request_buffers(argument);
    case VIDIOC_QUERYBUF:
      return query_buffer(argument);
    case VIDIOC_QBUF:
      return queue_buffer(argument);
    case VIDIOC_DQBUF:
      return dequeue_buffer(argument);
    case VIDIOC_STREAMON:
      return stream(true);
    case VIDIOC_STREAMOFF:
      return stream(false);
    default:
      return fail(ENOTTY);
  }
}

int ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  if (fd >= 0 && fd == camera.fd) return answer((uint32_t)request, argument);
  return (int)syscall(SYS_ioctl, fd, request, argument);
}
