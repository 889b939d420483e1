# Allwinner V831: one Cortex-A7 with NEON under Linux 4.9. Time stays 32 bits wide (no
# _TIME_BITS=64): with 64 bits v4l2_buffer has another size than that kernel knows.
v831.packages := g++-arm-linux-gnueabihf
v831.cxx := arm-linux-gnueabihf-g++
v831.machine := -mcpu=cortex-a7 -mfpu=neon-vfpv4 -mfloat-abi=hard
v831.cmake := -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=armv7l \
  -DCMAKE_C_COMPILER=arm-linux-gnueabihf-gcc
