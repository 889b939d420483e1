/* Sets a control of a video device, also while another program streams from it.
 *
 *   control DEVICE NAME VALUE     NAME as the driver says it: "Percentage of Dropped Buffers"
 */
#include <err.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

int main(int argc, char** argv) {
  if (argc != 4) errx(2, "usage: control DEVICE NAME VALUE");
  int device = open(argv[1], O_RDWR);
  if (device < 0) err(1, "%s", argv[1]);

  struct v4l2_queryctrl found = {.id = V4L2_CTRL_FLAG_NEXT_CTRL};
  while (ioctl(device, VIDIOC_QUERYCTRL, &found) == 0) {
    if (strcmp((const char*)found.name, argv[2]) == 0) {
      struct v4l2_control control = {.id = found.id, .value = atoi(argv[3])};
      if (ioctl(device, VIDIOC_S_CTRL, &control) != 0) err(1, "%s", argv[2]);
      return 0;
    }
    found.id |= V4L2_CTRL_FLAG_NEXT_CTRL;
  }
  errx(1, "%s has no control \"%s\"", argv[1], argv[2]);
}
