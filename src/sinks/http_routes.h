// Which of the server's answers a request asks for, and for a stream or snapshot, in what way.
#pragma once

#include "proto/http_request.h"

#include <optional>
#include <string>

namespace camloop {

enum class HttpRoute {
  kPage,
  kStream,
  kSnapshot,
  kState,
  kMetrics,
  kHealth,
  kText,
  kWrongMethod,
  kUnknown
};

HttpRoute http_route(const HttpRequest& request);
/// Whether it does more than show: refused to other sites, and to all where no secret is set.
bool changes_state(HttpRoute route);
/// Whether a browser asks what a page of another site may ask, before it asks that: Fetch standard,
/// "CORS-preflight request". It carries no credentials.
bool is_preflight(const HttpRequest& request);
/// The methods that the path answers, as the Allow header lists them.
std::string allowed_methods(const HttpRequest& request);

/// What `?fps=`, `?max_age=` and `?advance_headers=` ask; values that are not numbers count as
/// absent.
struct ViewOptions {
  double fps_max = 0;                 // 0: as many as there are
  std::optional<int64_t> max_age_us;  // older frames are of no use to this client
  bool advance_headers = false;
};

ViewOptions view_options(const HttpRequest& request);

}  // namespace camloop
