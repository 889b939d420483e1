#include "proto/http_reply.h"

namespace camloop {

const char* http_reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

std::string format_http_start(int status, const HttpReplyStyle& style) {
  std::string start = "HTTP/1.1 " + std::to_string(status) + " " + http_reason(status);
  start += style.keep_alive ? "\r\nConnection: keep-alive\r\n" : "\r\nConnection: close\r\n";
  start += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
  if (!style.origin.empty()) {
    start.append("Access-Control-Allow-Origin: ").append(style.origin).append("\r\n");
  }
  return start;
}

std::string format_http_reply(const HttpReply& reply, const HttpReplyStyle& style) {
  std::string bytes = format_http_start(reply.status, style) + reply.extra_headers;
  if (reply.status == 204) return bytes + "\r\n";
  bytes += "Content-Type: " + reply.content_type + "\r\n";
  bytes += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n";
  if (!style.head_only) bytes += reply.body;
  return bytes;
}

}  // namespace camloop
