#include "proto/http_request.h"

#include <gtest/gtest.h>

#include <string>

namespace camloop {
namespace {

using Outcome = HttpRequestParser::Outcome;

std::string describe(const HttpRequest& request) {
  std::string text = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) text += " ?" + name + "=" + value;
  for (const auto& [name, value] : request.headers) text += " " + name + "=" + value;
  text += request.keep_alive ? " keep-alive" : " close";
  return text + (request.body.empty() ? "" : " body=" + request.body) + "\n";
}

// What the parser makes of `input` in pieces of `step` bytes: a line a request, "..." for one that
// has only begun, and the fault that ends it all.
std::string parse_in_steps(std::string_view input, size_t step) {
  HttpRequestParser parser;
  std::string story;
  while (!input.empty()) {
    std::string_view piece = input.substr(0, step);
    input.remove_prefix(piece.size());
    while (!piece.empty()) {
      size_t taken = 0;
      Outcome outcome = parser.feed(as_bytes(piece), taken);
      piece.remove_prefix(taken);
      if (outcome == Outcome::kFault) {
        return story + std::to_string(parser.fault().status) + " " + parser.fault().reason;
      }
      if (outcome == Outcome::kRequest) {
        story += describe(parser.request());
        parser.reset();
      } else {
        EXPECT_TRUE(piece.empty()) << "asks for more but leaves bytes";
      }
    }
  }
  return story + (parser.started() ? "..." : "");
}

// The same from every way to cut the input.
std::string parse(std::string_view input) {
  std::string whole = parse_in_steps(input, input.size());
  for (size_t step : {1, 2, 3, 7, 64, 1000}) {
    EXPECT_EQ(parse_in_steps(input, step), whole) << "in steps of " << step;
  }
  return whole;
}

std::string get(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

std::string with_header(std::string_view line) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(line) + "\r\n\r\n";
}

// ---- Requests ----

TEST(HttpRequestParser, ReadsWhatABrowserSends) {
  EXPECT_EQ(parse("GET /stream?fps=5&max_age=0.5 HTTP/1.1\r\n"
                  "Host: camera.local:18811\r\n"
                  "User-Agent:Mozilla/5.0 (X11; Linux)\r\n"
                  "ACCEPT: \t image/*;q=0.8 \t\r\n"
                  "Cookie:\r\n\r\n"),
            "GET /stream ?fps=5 ?max_age=0.5 host=camera.local:18811 "
            "user-agent=Mozilla/5.0 (X11; Linux) accept=image/*;q=0.8 cookie= keep-alive\n");
}

TEST(HttpRequestParser, ReadsWhatAPersonTypesIntoNetcat) {
  EXPECT_EQ(parse("GET / HTTP/1.0\n\n"), "GET / close\n");
}

TEST(HttpRequestParser, PassesOverBlankLinesBeforeARequest) {
  EXPECT_EQ(parse("\r\n\r\n\n" + get("/state") + "\r\n" + get("/healthz")),
            "GET /state host=h keep-alive\nGET /healthz host=h keep-alive\n");
}

TEST(HttpRequestParser, LeavesThePipelinedRequestsForTheNextTurn) {
  EXPECT_EQ(parse(get("/a") + "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" +
                  get("/c") + "GET /d HT"),
            "GET /a host=h keep-alive\n"
            "POST /b host=h content-length=5 keep-alive body=hello\n"
            "GET /c host=h keep-alive\n"
            "...");
}

TEST(HttpRequestParser, SaysHowManyBytesItTook) {
  HttpRequestParser parser;
  std::string first = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok";
  size_t taken = 0;
  std::string input = first + get("/b");
  EXPECT_EQ(parser.feed(as_bytes(input), taken), Outcome::kRequest);
  EXPECT_EQ(taken, first.size());
}

TEST(HttpRequestParser, HasStartedFromTheFirstByteOfARequest) {
  HttpRequestParser parser;
  size_t taken = 0;
  EXPECT_EQ(parser.feed(as_bytes("\r\n"), taken), Outcome::kNeedMore);
  EXPECT_FALSE(parser.started());
  EXPECT_EQ(parser.feed(as_bytes("G"), taken), Outcome::kNeedMore);
  EXPECT_TRUE(parser.started());
  parser.reset();
  EXPECT_FALSE(parser.started());
}

TEST(HttpRequestParser, FindsTheFirstValueOfANameOrNothing) {
  HttpRequestParser parser;
  size_t taken = 0;
  std::string input = "GET /?a=1&a=2 HTTP/1.1\r\nHost: h\r\nX-B: 3\r\nx-b: 4\r\n\r\n";
  ASSERT_EQ(parser.feed(as_bytes(input), taken), Outcome::kRequest);
  EXPECT_EQ(parser.request().query_value("a"), "1");
  EXPECT_EQ(parser.request().query_value("A"), std::nullopt);
  EXPECT_EQ(parser.request().header("x-b"), "3");
  EXPECT_EQ(parser.request().header("x-c"), std::nullopt);
}

TEST(HttpRequestParser, TakesTheAbsoluteFormOfATarget) {
  EXPECT_EQ(parse(get("http://camera:80/stream?fps=1")), "GET /stream ?fps=1 host=h keep-alive\n");
  EXPECT_EQ(parse(get("http://camera")), "GET / host=h keep-alive\n");
}

TEST(HttpRequestParser, DecodesPathAndQuery) {
  EXPECT_EQ(parse(get("/%73tate+1?a%20b=c+d%26e&&flag&=x&u=a=b")),
            "GET /state+1 ?a b=c d&e ?flag= ?=x ?u=a=b host=h keep-alive\n");
}

TEST(HttpRequestParser, KeepsTheConnectionAsItsVersionAndHeaderSay) {
  auto ending = [](std::string_view version, std::string_view connection) {
    std::string story = parse("GET / " + std::string(version) +
                              "\r\nHost: h\r\nConnection: " + std::string(connection) + "\r\n\r\n");
    return story.substr(story.rfind(' ') + 1);
  };
  EXPECT_EQ(ending("HTTP/1.1", "Upgrade"), "keep-alive\n");
  EXPECT_EQ(ending("HTTP/1.1", "close"), "close\n");
  EXPECT_EQ(ending("HTTP/1.1", "foo ,\tClose"), "close\n");
  EXPECT_EQ(ending("HTTP/1.0", "upgrade"), "close\n");
  EXPECT_EQ(ending("HTTP/1.0", "Keep-Alive"), "keep-alive\n");
}

TEST(HttpRequestParser, TakesAPostWithoutALengthAsEmpty) {
  EXPECT_EQ(parse("POST /stream HTTP/1.1\r\nHost: h\r\n\r\n" + get("/b")),
            "POST /stream host=h keep-alive\nGET /b host=h keep-alive\n");
}

// ---- Limits, each exactly at it and one over ----

TEST(HttpRequestParser, TakesATargetOf2KiBAndNoMore) {
  std::string longest = "/" + std::string(HttpRequestParser::kTargetMax - 1, 'a');
  EXPECT_EQ(parse(get(longest)), "GET " + longest + " host=h keep-alive\n");
  EXPECT_EQ(parse(get(longest + "a")), "414 the request target is longer than 2 KiB");
}

TEST(HttpRequestParser, RefusesARequestLineThatNeverEnds) {
  std::string endless = "GET /" + std::string(HttpRequestParser::kHeadMax - 5, 'a');
  EXPECT_EQ(parse(endless), "...");
  EXPECT_EQ(parse(endless + "a"), "414 the request line is longer than 2 KiB");
}

TEST(HttpRequestParser, TakesAHeadOf8KiBAndNoMore) {
  std::string around = with_header("X: ");
  std::string filler(HttpRequestParser::kHeadMax - around.size(), 'a');
  EXPECT_EQ(parse(with_header("X: " + filler)), "GET / host=h x=" + filler + " keep-alive\n");
  EXPECT_EQ(parse(with_header("X: " + filler + "a")), "431 the request head is longer than 8 KiB");
}

TEST(HttpRequestParser, Takes64HeaderFieldsAndNoMore) {
  std::string fields;
  for (size_t i = 1; i < HttpRequestParser::kHeadersMax; ++i) fields += "\r\nX: y";
  fields = fields.substr(2);
  EXPECT_EQ(parse(with_header(fields)).substr(0, 6), "GET / ");
  EXPECT_EQ(parse(with_header(fields + "\r\nX: y")), "431 more than 64 header fields");
}

TEST(HttpRequestParser, TakesABodyOf64KiBAndNoMore) {
  auto post = [](size_t size) {
    return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
  };
  std::string longest(HttpRequestParser::kBodyMax, 'b');
  EXPECT_EQ(parse(post(longest.size()) + longest + get("/next")),
            "POST / host=h content-length=65536 keep-alive body=" + longest +
                "\nGET /next host=h keep-alive\n");
  // Refused before the body comes: a client that waits for leave to send it hears no.
  EXPECT_EQ(parse(post(longest.size() + 1)), "413 the body is longer than 64 KiB");
  EXPECT_EQ(parse(with_header("Content-Length: 99999999999999999999999")),
            "413 the body is longer than 64 KiB");
}

// ---- Faults ----

TEST(HttpRequestParser, RefusesARequestLineThatIsNone) {
  const std::string not_three_words = "400 the request line is not METHOD TARGET HTTP/1.1";
  EXPECT_EQ(parse("GET\r\n\r\n"), not_three_words);
  EXPECT_EQ(parse("GET /\r\n\r\n"), not_three_words);
  EXPECT_EQ(parse("GET / FTP/1.0\r\n\r\n"), "400 not HTTP");
  EXPECT_EQ(parse("GET / http/1.1\r\n\r\n"), "400 not HTTP");
  EXPECT_EQ(parse("GET / HTTP/1.1 \r\n\r\n"), "400 not HTTP");
  EXPECT_EQ(parse("G(T / HTTP/1.1\r\n\r\n"), "400 the method is not a word");
  EXPECT_EQ(parse(" / HTTP/1.1\r\n\r\n"), "400 the method is not a word");
}

TEST(HttpRequestParser, RefusesOtherVersionsByTheirStatus) {
  for (const char* version : {"HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/1.10", "HTTP/"}) {
    EXPECT_EQ(parse("GET / " + std::string(version) + "\r\n\r\n"),
              "505 only HTTP/1.0 and HTTP/1.1 are spoken here");
  }
}

TEST(HttpRequestParser, RefusesATargetThatIsNoPath) {
  for (const char* target : {"*", "stream", "//a b", "/%", "/%4", "/%zz", "/a%00b", "/?a=%0",
                             "/?%00", "https://camera/", ""}) {
    EXPECT_EQ(parse(get(target)), "400 the request target is not a path") << target;
  }
}

TEST(HttpRequestParser, RefusesHeaderLinesThatTwoReadersCouldSeeDifferently) {
  const std::string not_a_header = "400 a header line is not NAME: VALUE";
  EXPECT_EQ(parse(with_header("no colon")), not_a_header);
  EXPECT_EQ(parse(with_header("Name : blank before the colon")), not_a_header);
  EXPECT_EQ(parse(with_header(" folded: line")), not_a_header);
  EXPECT_EQ(parse(with_header(": no name")), not_a_header);
  const std::string control = "400 a control character in the request head";
  EXPECT_EQ(parse(with_header("X: a\rb")), control);
  EXPECT_EQ(parse(with_header(std::string("X: a\0b", 6))), control);
}

TEST(HttpRequestParser, RefusesAmbiguousFraming) {
  const std::string twice = "400 Host or Content-Length is missing or stands twice";
  EXPECT_EQ(parse("GET / HTTP/1.1\r\n\r\n"), twice);
  EXPECT_EQ(parse(with_header("Host: other")), twice);
  EXPECT_EQ(parse(with_header("Content-Length: 1\r\nContent-Length: 1")), twice);
  for (const char* length : {"", "x", "-1", "+1", "1 2", "0x1", "1,1", "99999999999999999999x"}) {
    EXPECT_EQ(parse(with_header("Content-Length: " + std::string(length))),
              "400 Content-Length is not a number")
        << length;
  }
  EXPECT_EQ(parse(with_header("Transfer-Encoding: chunked")),
            "411 send the body with Content-Length, not in chunks");
}

// ---- Expect: 100-continue ----

// How often its sender is to be told to go on, when `input` comes byte by byte.
int continues(const std::string& input) {
  HttpRequestParser parser;
  int count = 0;
  for (char c : input) {
    size_t taken = 0;
    Outcome outcome = parser.feed(as_bytes({&c, 1}), taken);
    if (outcome == Outcome::kNeedMore && parser.take_continue()) ++count;
    if (outcome == Outcome::kRequest) parser.reset();
  }
  return count;
}

TEST(HttpRequestParser, HasItsSenderGoOnOnceBetweenHeadAndBody) {
  const std::string post = "POST /text HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n";
  EXPECT_EQ(continues(post + "Expect: 100-Continue\r\n\r\nhi"), 1);
  EXPECT_EQ(continues(post + "\r\nhi" + post + "Expect: 100-continue\r\n\r\nhi"), 1);
  EXPECT_EQ(continues(post + "Expect: 100-continue\r\n"), 0);
  EXPECT_EQ(continues(post + "\r\nhi"), 0);
  EXPECT_EQ(continues("POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi"), 0);
  EXPECT_EQ(continues(with_header("Expect: 100-continue")), 0) << "there is no body";
}

TEST(HttpRequestParser, DoesNotAskForABodyThatIsOnItsWay) {
  HttpRequestParser parser;
  size_t taken = 0;
  parser.feed(as_bytes("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
                       "Expect: 100-continue\r\n\r\nh"),
              taken);
  EXPECT_FALSE(parser.take_continue());
}

TEST(HttpRequestParser, RefusesToMeetOtherExpectations) {
  EXPECT_EQ(parse(with_header("Expect: wonders")),
            "417 of what can be expected only 100-continue is known");
}

// ---- Percent-decoding ----

TEST(PercentDecode, DecodesEitherCaseOfHexadecimalDigits) {
  EXPECT_EQ(percent_decode("%2f%2F%c3%A4", false), "//\xc3\xa4");
}

TEST(PercentDecode, TakesAPlusForASpaceOnlyInAQuery) {
  EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
  EXPECT_EQ(percent_decode("a+b%2B", false), "a+b+");
}

TEST(PercentDecode, RefusesACutOrBadEscapeAndNul) {
  for (std::string_view text : {"%", "a%1", "%g0", "%0g", "%-1", "%%20", "%00"}) {
    EXPECT_EQ(percent_decode(text, false), std::nullopt) << text;
  }
  EXPECT_EQ(percent_decode(std::string_view("\0", 1), false), std::nullopt);
}

}  // namespace
}  // namespace camloop
