#include "data/patch.h"

namespace slipway::data {

Value apply_merge_patch(const Value& document, const Value& patch) {
  if (!patch.is_object()) return patch;
  Value out = document.is_object() ? document : Value::object();
  for (const Member& change : patch.members()) {
    if (change.value.is_null()) {
      out.erase(change.key.view());
    } else {
      Value merged = apply_merge_patch(out[change.key.view()], change.value);
      if (!merged.shares(out[change.key.view()])) out.set(change.key.view(), std::move(merged));
    }
  }
  return out;
}

namespace {

// The value of `to` as a patch writes it: objects without their null members.
Value without_nulls(const Value& to) {
  if (!to.is_object()) return to;
  Value out = to;
  for (const Member& member : to.members()) {
    if (member.value.is_null())
      out.erase(member.key.view());
    else if (member.value.is_object())
      out.set(member.key.view(), without_nulls(member.value));
  }
  return out;
}

}  // namespace

Value diff_merge_patch(const Value& from, const Value& to) {
  if (!to.is_object()) return to;
  if (!from.is_object()) return without_nulls(to);
  Value out = Value::object();
  for (const Member& member : from.members())
    if (to[member.key.view()].is_null()) out.set(member.key.view(), Value());
  for (const Member& member : to.members()) {
    const std::string_view key = member.key.view();
    const Value& before = from[key];
    if (member.value.is_null() || member.value == before) continue;
    const bool both = member.value.is_object() && before.is_object();
    Value change = both ? diff_merge_patch(before, member.value) : without_nulls(member.value);
    if (!both || change.size() > 0) out.set(key, std::move(change));
  }
  return out;
}

}  // namespace slipway::data
