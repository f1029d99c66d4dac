// A document and a patch, divided by a line break: every patch type must answer with a value that can be printed and
// read, or fail; a merge patch made by `diff_merge_patch` must do what it was made for.
#include <cstdint>
#include <string_view>

#include "data/json.h"
#include "data/patch.h"

namespace {
using namespace slipway::data;

// Every list merges by "k", and below every field the same rules hold.
struct MergeEverything : MergeSchema {
  Field field(std::string_view name) const override {
    return {.list = name.starts_with('s') ? List::MergeSet : List::MergeByKey, .merge_key = "k", .element = this};
  }
};

bool has_null(const Value& v) {
  for (const Member& m : v.members())
    if (m.value.is_null() || has_null(m.value)) return true;
  return false;
}

void check_readable(const Value& v) {
  const std::string text = to_json(v);
  const auto again =
      parse_json(text, {.limits = {.max_depth = 300, .max_bytes = std::size_t(1) << 30, .max_nodes = 100'000'000}});
  SLIPWAY_CHECK(again.has_value() && to_json(*again) == text);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::size_t line = text.find('\n');
  if (line == text.npos) return 0;
  const auto document = parse_json(text.substr(0, line)), patch = parse_json(text.substr(line + 1));
  if (!document || !patch) return 0;
  static const MergeEverything schema;
  if (const auto patched = apply_json_patch(*document, *patch)) check_readable(*patched);
  if (const auto patched = apply_strategic_patch(*document, *patch, &schema)) check_readable(*patched);
  check_readable(apply_merge_patch(*document, *patch));
  if (!has_null(*patch) && !patch->is_null())
    SLIPWAY_CHECK(apply_merge_patch(*document, diff_merge_patch(*document, *patch)) == *patch);
  return 0;
}
