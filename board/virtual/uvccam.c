/* A USB webcam in user space, for the virtual board: MJPEG 640x480 at 30, 15 or 5 frames a second.
 *
 *   uvccam [-c N] FILE.jpg...
 *
 * Sends the files in turn, for ever and byte for byte; with -c every Nth frame is cut to its half.
 * The camera is plugged in while the program runs: end it and start it again to unplug and replug.
 * Needs the modules vhci_hcd and uvcvideo, and speaks USB/IP with vhci_hcd over a socket pair (see
 * the kernel's Documentation/usb/usbip_protocol.rst). Descriptors and requests are those of UVC 1.0
 * ("USB Device Class Definition for Video Devices"). USB is little-endian, USB/IP big-endian.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usb/ch9.h>
#include <linux/usb/video.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "descriptors are sent as they lie");

enum {
  kWidth = 640,
  kHeight = 480,
  kFrameBytesMax = kWidth * kHeight * 2,
  kPayloadBytes = 16384, /* one UVC payload, header included, fills at most one bulk read */
  kPayloadHeaderBytes = 2,
  kBulkIn = 0x81,
  kWaitingMax = 64,   /* uvcvideo keeps 5 reads waiting */
  kPortCount = 8,     /* of vhci_hcd's first controller, high speed */
  kControlBytes = 26, /* of struct uvc_streaming_control in UVC 1.0 */
};

/* In units of 100 ns, as in all of UVC. */
static const uint32_t frame_intervals[] = {333333, 666666, 2000000};
enum { kIntervalCount = 3 };

DECLARE_UVC_HEADER_DESCRIPTOR(1);
DECLARE_UVC_INPUT_HEADER_DESCRIPTOR(1, 1);
DECLARE_UVC_FRAME_MJPEG(3);

static const struct usb_device_descriptor device_descriptor = {
    .bLength = USB_DT_DEVICE_SIZE,
    .bDescriptorType = USB_DT_DEVICE,
    .bcdUSB = 0x0200,
    .bDeviceClass = USB_CLASS_MISC, /* with 2 and 1: "look at the interface association" */
    .bDeviceSubClass = 2,
    .bDeviceProtocol = 1,
    .bMaxPacketSize0 = 64,
    .idVendor = 0x1d6b,
    .idProduct = 0x0199,
    .bcdDevice = 0x0100,
    .bNumConfigurations = 1,
};

struct configuration {
  struct usb_config_descriptor header;
  struct usb_interface_assoc_descriptor association;
  struct usb_interface_descriptor control;
  struct UVC_HEADER_DESCRIPTOR(1) control_header;
  struct uvc_camera_terminal_descriptor camera;
  struct uvc_output_terminal_descriptor output;
  struct usb_interface_descriptor streaming;
  struct UVC_INPUT_HEADER_DESCRIPTOR(1, 1) streaming_header;
  struct uvc_format_mjpeg format;
  struct UVC_FRAME_MJPEG(3) frame;
  struct usb_endpoint_descriptor endpoint;
} __attribute__((packed));

/* The endpoint comes last because its struct has two bytes that only audio devices send. */
enum { kConfigurationBytes = sizeof(struct configuration) - 2 };

static const struct configuration configuration = {
    .header = {USB_DT_CONFIG_SIZE, USB_DT_CONFIG, kConfigurationBytes, .bNumInterfaces = 2,
               .bConfigurationValue = 1, .bmAttributes = USB_CONFIG_ATT_ONE, .bMaxPower = 50},
    .association = {USB_DT_INTERFACE_ASSOCIATION_SIZE, USB_DT_INTERFACE_ASSOCIATION,
                    .bFirstInterface = 0, .bInterfaceCount = 2, .bFunctionClass = USB_CLASS_VIDEO,
                    .bFunctionSubClass = UVC_SC_VIDEO_INTERFACE_COLLECTION},
    .control = {USB_DT_INTERFACE_SIZE, USB_DT_INTERFACE, .bInterfaceNumber = 0,
                .bInterfaceClass = USB_CLASS_VIDEO, .bInterfaceSubClass = UVC_SC_VIDEOCONTROL},
    .control_header = {UVC_DT_HEADER_SIZE(1), USB_DT_CS_INTERFACE, UVC_VC_HEADER, .bcdUVC = 0x0100,
                       .wTotalLength = UVC_DT_HEADER_SIZE(1) + UVC_DT_CAMERA_TERMINAL_SIZE(3) +
                                       UVC_DT_OUTPUT_TERMINAL_SIZE,
                       .dwClockFrequency = 48000000, .bInCollection = 1, .baInterfaceNr = {1}},
    .camera = {UVC_DT_CAMERA_TERMINAL_SIZE(3), USB_DT_CS_INTERFACE, UVC_VC_INPUT_TERMINAL,
               .bTerminalID = 1, .wTerminalType = UVC_ITT_CAMERA, .bControlSize = 3},
    .output = {UVC_DT_OUTPUT_TERMINAL_SIZE, USB_DT_CS_INTERFACE, UVC_VC_OUTPUT_TERMINAL,
               .bTerminalID = 2, .wTerminalType = UVC_TT_STREAMING, .bSourceID = 1},
    .streaming = {USB_DT_INTERFACE_SIZE, USB_DT_INTERFACE, .bInterfaceNumber = 1,
                  .bNumEndpoints = 1, .bInterfaceClass = USB_CLASS_VIDEO,
                  .bInterfaceSubClass = UVC_SC_VIDEOSTREAMING},
    .streaming_header = {UVC_DT_INPUT_HEADER_SIZE(1, 1), USB_DT_CS_INTERFACE, UVC_VS_INPUT_HEADER,
                         .bNumFormats = 1,
                         .wTotalLength = UVC_DT_INPUT_HEADER_SIZE(1, 1) + UVC_DT_FORMAT_MJPEG_SIZE +
                                         UVC_DT_FRAME_MJPEG_SIZE(kIntervalCount),
                         .bEndpointAddress = kBulkIn, .bTerminalLink = 2, .bControlSize = 1},
    .format = {UVC_DT_FORMAT_MJPEG_SIZE, USB_DT_CS_INTERFACE, UVC_VS_FORMAT_MJPEG,
               .bFormatIndex = 1, .bNumFrameDescriptors = 1, .bDefaultFrameIndex = 1},
    .frame = {UVC_DT_FRAME_MJPEG_SIZE(kIntervalCount), USB_DT_CS_INTERFACE, UVC_VS_FRAME_MJPEG,
              .bFrameIndex = 1, .wWidth = kWidth, .wHeight = kHeight,
              .dwMinBitRate = kFrameBytesMax * 8 * 5, .dwMaxBitRate = kFrameBytesMax * 8 * 30,
              .dwMaxVideoFrameBufferSize = kFrameBytesMax, .dwDefaultFrameInterval = 333333,
              .bFrameIntervalType = kIntervalCount, .dwFrameInterval = {333333, 666666, 2000000}},
    .endpoint = {USB_DT_ENDPOINT_SIZE, USB_DT_ENDPOINT, kBulkIn, USB_ENDPOINT_XFER_BULK, 512},
};

/* USB/IP's commands, and its header: every field is big-endian but the setup packet. */
enum { kSubmit = 1, kUnlink = 2, kReturnSubmit = 3, kReturnUnlink = 4 };
struct usbip_header {
  uint32_t command, sequence, device, direction, endpoint;
  union {
    struct {
      uint32_t flags, length, start_frame, packet_count, interval;
      struct usb_ctrlrequest setup;
    } submit;
    struct {
      uint32_t status, length, unused[5];
    } reply;
    struct {
      uint32_t sequence, unused[6];
    } unlink;
  };
};
_Static_assert(sizeof(struct usbip_header) == 48, "USB/IP has no room between its fields");

struct jpeg {
  uint8_t* data;
  size_t bytes;
};

static struct jpeg* jpegs;
static size_t jpeg_count;
static unsigned cut_every; /* 0: never */

static int host; /* our end of the socket to vhci_hcd */
static struct {
  uint32_t sequence, bytes;
} waiting[kWaitingMax]; /* bulk reads not answered yet, the oldest first */
static unsigned waiting_count;

static struct uvc_streaming_control control;
static size_t frame_number;
static size_t frame_sent_bytes; /* 0: between two frames */
static int64_t frame_due_us;

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void write_all(const void* data, size_t bytes) {
  for (const char* at = data; bytes > 0;) {
    ssize_t written = write(host, at, bytes);
    if (written < 0) err(1, "write to vhci_hcd");
    at += written;
    bytes -= (size_t)written;
  }
}

static void read_all(void* data, size_t bytes) {
  if (bytes > 0 && recv(host, data, bytes, MSG_WAITALL) != (ssize_t)bytes)
    errx(1, "vhci_hcd has closed the connection");
}

static void reply(uint32_t command, uint32_t sequence, int status, const void* data, size_t bytes) {
  struct usbip_header header = {.command = htonl(command), .sequence = htonl(sequence)};
  header.reply.status = htonl((uint32_t)status);
  header.reply.length = htonl((uint32_t)bytes);
  write_all(&header, sizeof header);
  if (data) write_all(data, bytes);
}

/* Answers the oldest bulk read with the next payload of the current frame. */
static void send_payload(void) {
  static uint8_t payload[kPayloadBytes];
  const struct jpeg* jpeg = &jpegs[frame_number % jpeg_count];
  bool cut = cut_every && frame_number % cut_every == cut_every - 1;
  size_t left = (cut ? jpeg->bytes / 2 : jpeg->bytes) - frame_sent_bytes;
  size_t room = waiting[0].bytes < kPayloadBytes ? waiting[0].bytes : kPayloadBytes;
  size_t bytes = left < room - kPayloadHeaderBytes ? left : room - kPayloadHeaderBytes;

  payload[0] = kPayloadHeaderBytes;
  payload[1] = UVC_STREAM_EOH | (frame_number & 1 ? UVC_STREAM_FID : 0) |
               (bytes == left ? UVC_STREAM_EOF : 0);
  memcpy(payload + kPayloadHeaderBytes, jpeg->data + frame_sent_bytes, bytes);
  reply(kReturnSubmit, waiting[0].sequence, 0, payload, kPayloadHeaderBytes + bytes);
  memmove(waiting, waiting + 1, --waiting_count * sizeof *waiting);
  frame_sent_bytes += bytes;
  if (bytes == left) {
    frame_sent_bytes = 0;
    frame_number++;
  }
}

static void send_due_payloads(void) {
  while (waiting_count > 0) {
    if (frame_sent_bytes == 0) {
      int64_t now = now_us();
      if (now < frame_due_us) return;
      frame_due_us += control.dwFrameInterval / 10;
      if (frame_due_us < now) /* nobody read for a while */
        frame_due_us = now + control.dwFrameInterval / 10;
    }
    send_payload();
  }
}

/* Takes the host's wish for a stream, and makes of it what the camera will do. */
static void negotiate(const struct uvc_streaming_control* wish) {
  uint32_t nearest = frame_intervals[0];
  for (int i = 1; i < kIntervalCount; i++)
    if (llabs((int64_t)frame_intervals[i] - wish->dwFrameInterval) <
        llabs((int64_t)nearest - wish->dwFrameInterval))
      nearest = frame_intervals[i];
  control = (struct uvc_streaming_control){
      .bmHint = 1,
      .bFormatIndex = 1,
      .bFrameIndex = 1,
      .dwFrameInterval = nearest,
      .dwMaxVideoFrameSize = kFrameBytesMax,
      .dwMaxPayloadTransferSize = kPayloadBytes,
  };
}

/* Each answer_ function puts its bytes into `data` and returns their number, or -EPIPE: unknown. */
static int answer(void* data, const void* from, size_t bytes) {
  memcpy(data, from, bytes);
  return (int)bytes;
}

static int answer_standard(const struct usb_ctrlrequest* request, uint8_t* data) {
  switch (request->bRequest) {
    case USB_REQ_GET_DESCRIPTOR:
      if (request->wValue >> 8 == USB_DT_DEVICE)
        return answer(data, &device_descriptor, sizeof device_descriptor);
      if (request->wValue >> 8 == USB_DT_CONFIG)
        return answer(data, &configuration, kConfigurationBytes);
      return -EPIPE;
    case USB_REQ_GET_STATUS:
      return answer(data, "\0\0", 2);
    case USB_REQ_SET_CONFIGURATION:
    case USB_REQ_SET_INTERFACE:
    case USB_REQ_CLEAR_FEATURE:
      return 0;
  }
  return -EPIPE;
}

static int answer_streaming(const struct usb_ctrlrequest* request, uint8_t* data) {
  int selector = request->wValue >> 8;
  if (selector != UVC_VS_PROBE_CONTROL && selector != UVC_VS_COMMIT_CONTROL) return -EPIPE;
  switch (request->bRequest) {
    case UVC_SET_CUR:
      negotiate((const struct uvc_streaming_control*)data);
      if (selector == UVC_VS_COMMIT_CONTROL) frame_sent_bytes = 0;
      return 0;
    case UVC_GET_LEN:
      return answer(data, "\x1a\0", 2);
    case UVC_GET_INFO:
      return answer(data, "\x03", 1); /* may be read and set */
    case UVC_GET_CUR:
    case UVC_GET_MIN:
    case UVC_GET_MAX:
    case UVC_GET_DEF:
      return answer(data, &control, kControlBytes);
  }
  return -EPIPE;
}

static void on_control(const struct usbip_header* submit, uint8_t* data) {
  const struct usb_ctrlrequest* request = &submit->submit.setup;
  int bytes = -EPIPE; /* the status of a stalled endpoint */
  if ((request->bRequestType & USB_TYPE_MASK) == USB_TYPE_STANDARD)
    bytes = answer_standard(request, data);
  else if ((request->bRequestType & (USB_TYPE_MASK | USB_RECIP_MASK)) ==
               (USB_TYPE_CLASS | USB_RECIP_INTERFACE) &&
           (request->wIndex & 0xff) == configuration.streaming.bInterfaceNumber)
    bytes = answer_streaming(request, data);

  uint32_t sequence = ntohl(submit->sequence);
  if (bytes < 0)
    reply(kReturnSubmit, sequence, bytes, NULL, 0);
  else if (!(request->bRequestType & USB_DIR_IN))
    reply(kReturnSubmit, sequence, 0, NULL, request->wLength);
  else
    reply(kReturnSubmit, sequence, 0, data,
          bytes < request->wLength ? (size_t)bytes : request->wLength);
}

static void on_submit(const struct usbip_header* submit) {
  uint8_t data[4096] = {0};
  uint32_t bytes = ntohl(submit->submit.length);
  if (ntohl(submit->endpoint) == 0) {
    if (bytes > sizeof data) errx(1, "a control transfer of %u bytes", bytes);
    if (ntohl(submit->direction) == 0) read_all(data, bytes);
    on_control(submit, data);
    return;
  }
  if (waiting_count == kWaitingMax || bytes <= kPayloadHeaderBytes)
    errx(1, "too many or too small bulk reads");
  waiting[waiting_count].sequence = ntohl(submit->sequence);
  waiting[waiting_count++].bytes = bytes;
}

/* The driver takes a read back. Status 0 says that it had been answered already. */
static void on_unlink(const struct usbip_header* unlink) {
  for (unsigned i = 0; i < waiting_count; i++) {
    if (waiting[i].sequence != ntohl(unlink->unlink.sequence)) continue;
    waiting_count--;
    memmove(waiting + i, waiting + i + 1, (waiting_count - i) * sizeof *waiting);
    reply(kReturnUnlink, ntohl(unlink->sequence), -ECONNRESET, NULL, 0);
    return;
  }
  reply(kReturnUnlink, ntohl(unlink->sequence), 0, NULL, 0);
}

static void plug_in(void) {
  int ends[2];
  int attach = open("/sys/devices/platform/vhci_hcd.0/attach", O_WRONLY);
  if (attach < 0) err(1, "is the module vhci_hcd loaded?");
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) err(1, "socketpair");
  /* A port that was unplugged a moment ago may still be busy, then the next one does. */
  for (int port = 0; port < kPortCount; port++) {
    if (dprintf(attach, "%d %d %d %d", port, ends[0], port + 1, USB_SPEED_HIGH) > 0) {
      close(ends[0]);
      close(attach);
      host = ends[1];
      return;
    }
  }
  err(1, "no port of vhci_hcd is free");
}

static struct jpeg load(const char* path) {
  struct stat status;
  struct jpeg jpeg;
  FILE* file = fopen(path, "rb");
  if (!file || fstat(fileno(file), &status) < 0) err(1, "%s", path);
  jpeg.bytes = (size_t)status.st_size;
  jpeg.data = malloc(jpeg.bytes);
  if (jpeg.bytes > kFrameBytesMax || !jpeg.data ||
      fread(jpeg.data, 1, jpeg.bytes, file) != jpeg.bytes)
    errx(1, "%s cannot be read whole", path);
  fclose(file);
  return jpeg;
}

int main(int argc, char** argv) {
  int option;
  while ((option = getopt(argc, argv, "c:")) == 'c') cut_every = (unsigned)atoi(optarg);
  if (option != -1 || optind == argc) errx(2, "usage: uvccam [-c N] FILE.jpg...");
  jpeg_count = (size_t)(argc - optind);
  jpegs = calloc(jpeg_count, sizeof *jpegs);
  for (size_t i = 0; i < jpeg_count; i++) jpegs[i] = load(argv[optind + (int)i]);

  negotiate(&(struct uvc_streaming_control){.dwFrameInterval = frame_intervals[0]});
  plug_in();
  for (;;) {
    send_due_payloads();
    int64_t wait_ms = waiting_count ? (frame_due_us - now_us()) / 1000 + 1 : -1;
    struct pollfd readable = {host, POLLIN, 0};
    if (poll(&readable, 1, waiting_count && wait_ms < 0 ? 0 : (int)wait_ms) <= 0) continue;
    struct usbip_header header;
    read_all(&header, sizeof header);
    if (ntohl(header.command) == kSubmit)
      on_submit(&header);
    else if (ntohl(header.command) == kUnlink)
      on_unlink(&header);
    else
      errx(1, "command %u is none of USB/IP's", ntohl(header.command));
  }
}
