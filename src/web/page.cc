#include "web/page.h"

extern "C" const char camloop_page_begin[];
extern "C" const char camloop_page_end[];

namespace camloop {

std::string_view web_page() {
  return {camloop_page_begin, static_cast<size_t>(camloop_page_end - camloop_page_begin)};
}

}  // namespace camloop
