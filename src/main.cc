#include "io/listener.h"
int main() { return 0; }
