// Any bytes, whole and byte by byte, are the same requests and the same fault to the HTTP parser.

#include "base/check.h"
#include "proto/http_request.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

using camloop::Bytes;
using camloop::HttpRequest;
using camloop::HttpRequestParser;
using Outcome = camloop::HttpRequestParser::Outcome;

namespace {

// Lengths before texts, so that two different requests never look the same.
void note(std::string& story, const std::string& text) {
  story += std::to_string(text.size()) + ":" + text + " ";
}

void note(std::string& story, const HttpRequest& request) {
  note(story, request.method);
  note(story, request.path);
  for (const auto* pairs : {&request.query, &request.headers}) {
    story += std::to_string(pairs->size()) + " pairs: ";
    for (const auto& [name, value] : *pairs) {
      note(story, name);
      note(story, value);
    }
  }
  note(story, request.body);
  story += request.keep_alive ? "keep-alive\n" : "close\n";
}

void check_limits(const HttpRequest& request) {
  CHECK(request.headers.size() <= HttpRequestParser::kHeadersMax);
  CHECK(request.body.size() <= HttpRequestParser::kBodyMax);
  CHECK(request.path.starts_with('/') && request.path.size() <= HttpRequestParser::kTargetMax);
}

std::string parse(Bytes input, size_t step) {
  HttpRequestParser parser;
  std::string story;
  while (!input.empty()) {
    Bytes piece = input.first(std::min(step, input.size()));
    input = input.subspan(piece.size());
    while (!piece.empty()) {
      size_t taken = 0;
      Outcome outcome = parser.feed(piece, taken);
      CHECK(taken <= piece.size());
      piece = piece.subspan(taken);
      if (outcome == Outcome::kFault) return story + std::to_string(parser.fault().status);
      if (outcome == Outcome::kNeedMore) {
        CHECK(piece.empty());
        continue;
      }
      check_limits(parser.request());
      note(story, parser.request());
      parser.reset();
    }
  }
  return story + (parser.started() ? "unfinished" : "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes input(data, size);
  CHECK(parse(input, input.size()) == parse(input, 1));
  return 0;
}
