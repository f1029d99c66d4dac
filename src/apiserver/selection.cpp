#include "apiserver/selection.h"

#include <algorithm>

#include "apiserver/errors.h"

namespace slipway::apiserver {
namespace {

using base::fail;

bool is_selectable(const api::Kind& kind, const std::string& path) {
  return path == "metadata.name" || path == "metadata.namespace" ||
         std::ranges::find(kind.selectable, path) != kind.selectable.end();
}

}  // namespace

base::Result<Selection> Selection::of(const api::Kind& kind, const Target& target, const Options& options) {
  Selection out;
  out.space_ = target.space;
  out.name_ = target.name;
  auto labels = data::LabelSelector::parse(options.label_selector);
  if (!labels) return fail(bad_request("unable to parse requirement: " + labels.error().message));
  auto fields = data::FieldSelector::parse(options.field_selector);
  if (!fields) return fail(bad_request(fields.error().message));
  for (const auto& term : fields->terms())
    if (!is_selectable(kind, term.path)) return fail(bad_request("field label not supported: " + term.path));
  out.labels_ = std::move(*labels);
  out.fields_ = std::move(*fields);
  return out;
}

bool Selection::matches(const store::Entry& entry) const {
  if (!space_.empty() && entry.key.space != space_) return false;
  if (!name_.empty() && entry.key.name != name_) return false;
  if (!labels_.is_empty() && !labels_.matches(entry.object["metadata"]["labels"])) return false;
  return fields_.is_empty() || fields_.matches(entry.object);
}

}  // namespace slipway::apiserver
