#include "proto/http_reply.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

TEST(HttpReply, IsExactlyTheseBytes) {
  HttpReply reply{.status = 503, .extra_headers = "Retry-After: 5\r\n", .body = "no picture\n"};
  EXPECT_EQ(format_http_reply(reply, {}),
            "HTTP/1.1 503 Service Unavailable\r\n"
            "Connection: close\r\n"
            "Cache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Retry-After: 5\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 11\r\n"
            "\r\n"
            "no picture\n");
}

TEST(HttpReply, SaysThatItKeepsTheConnectionAndWhoMayReadIt) {
  HttpReplyStyle style{.keep_alive = true, .origin = "https://panel.example"};
  EXPECT_EQ(format_http_start(200, style),
            "HTTP/1.1 200 OK\r\n"
            "Connection: keep-alive\r\n"
            "Cache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Access-Control-Allow-Origin: https://panel.example\r\n");
}

TEST(HttpReply, AnswersHeadWithTheLengthButNoBody) {
  HttpReply reply{.body = "twelve bytes"};
  std::string bytes = format_http_reply(reply, {.head_only = true});
  EXPECT_TRUE(bytes.ends_with("Content-Length: 12\r\n\r\n")) << bytes;
}

TEST(HttpReply, SaysNothingOfTheBodyWhereThereIsNone) {
  EXPECT_EQ(format_http_reply({.status = 204}, {.keep_alive = true}),
            "HTTP/1.1 204 No Content\r\n"
            "Connection: keep-alive\r\n"
            "Cache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "\r\n");
}

TEST(HttpReply, NamesEveryStatusThatWeSend) {
  for (int status :
       {200, 204, 400, 401, 403, 404, 405, 408, 409, 411, 413, 414, 417, 429, 431, 503, 505}) {
    EXPECT_STRNE(http_reason(status), "Error") << status;
  }
  EXPECT_STREQ(http_reason(299), "Error");
}

}  // namespace
}  // namespace camloop
