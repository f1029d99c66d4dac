#include "apiserver/crd.h"

#include <algorithm>

#include "api/meta.h"

namespace slipway::apiserver {
namespace {

using base::fail;
using data::Value;

std::string_view group_of(const Value& crd) { return crd["spec"]["group"].as_string(); }
std::string_view plural_of(const Value& crd) { return crd["spec"]["names"]["plural"].as_string(); }
std::string_view kind_of(const Value& crd) { return crd["spec"]["names"]["kind"].as_string(); }

// Another definition of the group that has taken the kind's name. (Plurals are unique by the definition's own name.)
std::string rival(const store::Snapshot& head, const Value& crd) {
  std::string found;
  head.scan(api::kCustomResourceDefinitions.qualified(), "", nullptr, [&](const store::EntryPtr& entry) {
    const Value& other = entry->object;
    bool clash =
        api::name_of(other) != api::name_of(crd) && group_of(other) == group_of(crd) && kind_of(other) == kind_of(crd);
    if (clash) found = api::name_of(other);
    return !clash;
  });
  return found;
}

Value stored_versions(const Value& crd, const Value& old) {
  std::vector<Value> out;
  for (const Value& version : old["status"]["storedVersions"].items()) out.push_back(version);
  for (const Value& version : crd["spec"]["versions"].items()) {
    bool known = std::ranges::find(out, version["name"]) != out.end();
    if (version["storage"].as_bool() && !known) out.push_back(version["name"]);
  }
  return Value::array_of(std::move(out));
}

Value accepted_names(const Value& crd) {
  Value names = crd["spec"]["names"];
  if (names["singular"].is_empty()) {
    std::string singular = names["kind"].str();
    for (char& c : singular)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    names.set("singular", singular);
  }
  if (names["listKind"].is_empty()) names.set("listKind", names["kind"].str() + "List");
  return names;
}

Value status_of(const Value& crd, const Value& old, const std::string& taken_by, base::Time now) {
  Value status = old["status"];
  bool fine = taken_by.empty();
  std::string_view value = fine ? "True" : "False";
  api::set_condition(status, "NamesAccepted", value, fine ? "NoConflicts" : "KindConflict",
                     fine ? "no conflicts found" : "the kind is already in use by " + taken_by, now);
  api::set_condition(status, "Established", value, fine ? "InitialNamesAccepted" : "NotAccepted",
                     fine ? "the initial names have been accepted" : "not all names are accepted", now);
  status.set("acceptedNames", fine ? accepted_names(crd) : Value::object({{"kind", ""}, {"plural", ""}}));
  status.set("storedVersions", stored_versions(crd, old));
  return status;
}

}  // namespace

bool is_built_in(const Value& crd) {
  static const auto kBuiltin = api::Scheme::builtin();
  return std::ranges::any_of(kBuiltin->kinds(), [&](const auto& kind) {
    return kind->resource.group == group_of(crd) && kind->resource.plural == plural_of(crd);
  });
}

std::string instances_of(const Value& crd) { return std::string(plural_of(crd)) + "." + std::string(group_of(crd)); }

base::Result<Value> admitted_crd(const api::Scheme& scheme, const store::Snapshot& head, Value crd, const Value& old,
                                 base::Time now) {
  if (!is_built_in(crd))
    if (auto usable = scheme.with_crd(crd); !usable) return fail(usable.error());
  Value names = accepted_names(crd);
  crd.set({"spec", "names"}, names);
  if (old.is_null() && !api::has_finalizer(crd, kInstanceFinalizer)) {
    Value& metadata = crd.member("metadata");
    metadata.member("finalizers").push_back(kInstanceFinalizer);
  }
  crd.set("status", status_of(crd, old, rival(head, crd), now));
  return crd;
}

std::shared_ptr<const api::Scheme> scheme_of(const store::Snapshot& snapshot) {
  std::shared_ptr<const api::Scheme> scheme = api::Scheme::builtin();
  snapshot.scan(api::kCustomResourceDefinitions.qualified(), "", nullptr, [&](const store::EntryPtr& entry) {
    const Value& crd = entry->object;
    bool served = !is_built_in(crd) && api::is_condition_true(crd, "Established");
    if (!served) return true;
    if (auto next = scheme->with_crd(crd)) scheme = *next;
    return true;
  });
  return scheme;
}

}  // namespace slipway::apiserver
