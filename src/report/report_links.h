// What /state and /metrics tell of the links to other programs.
#pragma once

#include "base/json_writer.h"
#include "base/link_facts.h"
#include "base/metrics_text.h"

#include <span>

namespace camloop {

/// The field "links": an array with an object for each.
void put_links(JsonWriter& json, std::span<const LinkFacts> links);
/// Families named camloop_<kind>_..., with a label for the role.
void put_link_metrics(MetricsText& text, std::span<const LinkFacts> links);

}  // namespace camloop
