// Server-side apply and the ownership of fields (metadata.managedFields), as the API documents them:
// https://kubernetes.io/docs/reference/using-api/server-side-apply/
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "api/meta.h"
#include "api/scheme.h"
#include "api/typed_merge.h"
#include "base/strings.h"

namespace slipway::api {
namespace {

using data::Value;

// One entry of managedFields.
struct Owner {
  std::string manager, operation, api_version, subresource, time;
  FieldSet fields;

  bool is(std::string_view name, std::string_view op, std::string_view sub) const {
    return manager == name && operation == op && subresource == sub;
  }
  bool operator==(const Owner&) const = default;
};
using Owners = std::vector<Owner>;

Owners read_owners(const Value& object) {
  Owners out;
  for (const Value& entry : object["metadata"]["managedFields"].items()) {
    Owner owner{entry["manager"].str(),     entry["operation"].str(), entry["apiVersion"].str(),
                entry["subresource"].str(), entry["time"].str(),      FieldSet::from_value(entry["fieldsV1"])};
    if (!owner.fields.is_empty()) out.push_back(std::move(owner));
  }
  return out;
}

Value entry_of(const Owner& owner) {
  Value entry = Value::object({{"manager", owner.manager},
                               {"operation", owner.operation},
                               {"apiVersion", owner.api_version},
                               {"fieldsType", "FieldsV1"},
                               {"fieldsV1", owner.fields.to_value()}});
  if (!owner.time.empty()) entry.set("time", owner.time);
  if (!owner.subresource.empty()) entry.set("subresource", owner.subresource);
  return entry;
}

// Fields that belong to nobody: identity, and what the server itself writes.
void strip(FieldSet& fields) {
  fields.erase_child("f:apiVersion");
  fields.erase_child("f:kind");
  if (!fields.child("f:metadata")) return;
  FieldSet& metadata = fields.make_child("f:metadata");
  metadata.set_member(false);
  for (std::string_view name : {"name", "namespace", "creationTimestamp", "selfLink", "uid", "generation",
                                "managedFields", "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds"})
    metadata.erase_child(field_element(name));
  if (metadata.is_empty()) fields.erase_child("f:metadata");
}

// Updates of too many managers are put together under one name, the oldest first.
void cap_updates(Owners& owners) {
  constexpr std::size_t kMost = 10;
  constexpr std::string_view kAncient = "ancient-changes";
  std::size_t updates = std::ranges::count(owners, std::string("Update"), &Owner::operation);
  if (updates <= kMost) return;
  std::sort(owners.begin(), owners.end(),
            [](const Owner& a, const Owner& b) { return std::tie(a.time, a.manager) < std::tie(b.time, b.manager); });
  Owner ancient{std::string(kAncient), "Update", {}, {}, {}, {}};
  for (auto it = owners.begin(); it != owners.end() && updates >= kMost;) {
    if (it->operation != "Update") {
      ++it;
      continue;
    }
    ancient.api_version = it->api_version;
    ancient.time = it->time;
    ancient.fields = ancient.fields.united(it->fields);
    it = owners.erase(it);
    --updates;
  }
  owners.push_back(std::move(ancient));
}

void write_owners(Value& object, Owners owners) {
  for (Owner& owner : owners) strip(owner.fields);
  std::erase_if(owners, [](const Owner& o) { return o.fields.is_empty(); });
  cap_updates(owners);
  std::sort(owners.begin(), owners.end(), [](const Owner& a, const Owner& b) {
    return std::tie(a.operation, a.time, a.manager, a.subresource) <
           std::tie(b.operation, b.time, b.manager, b.subresource);
  });
  std::vector<Value> entries;
  for (const Owner& owner : owners) entries.push_back(entry_of(owner));
  if (entries.empty())
    object.erase({"metadata", "managedFields"});
  else
    object.set({"metadata", "managedFields"}, Value::array_of(std::move(entries)));
}

Value without_owners(Value object) {
  object.erase({"metadata", "managedFields"});
  return object;
}

Owner& owner_of(Owners& owners, const std::string& manager, std::string_view operation, const std::string& subresource,
                const std::string& api_version) {
  auto it = std::ranges::find_if(owners, [&](const Owner& o) { return o.is(manager, operation, subresource); });
  if (it != owners.end()) return *it;
  owners.push_back({manager, std::string(operation), api_version, subresource, {}, {}});
  return owners.back();
}

// `fields` without everything at or below a member of `gone`.
FieldSet without_subtrees(const FieldSet& fields, const FieldSet& gone) {
  FieldSet out;
  out.set_member(fields.is_member());
  for (const auto& [element, child] : fields.children()) {
    const FieldSet* there = gone.child(element);
    if (there && there->is_member()) continue;
    FieldSet left = there ? without_subtrees(child, *there) : child;
    if (!left.is_empty()) out.make_child(element) = std::move(left);
  }
  return out;
}

// The part of an applied object that counts: not status on the main resource, nothing else on the status subresource.
Value effective(const Kind& kind, Value applied, const std::string& subresource) {
  applied = without_owners(std::move(applied));
  for (std::string_view field :
       {"uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "deletionTimestamp"})
    applied.erase({"metadata", field});
  if (subresource == "status") {
    Value only = Value::object({{"apiVersion", applied["apiVersion"]}, {"kind", applied["kind"]}});
    for (std::string_view field : {"name", "namespace"})
      if (!applied["metadata"][field].is_null()) only.set({"metadata", field}, applied["metadata"][field]);
    if (!applied["status"].is_null()) only.set("status", applied["status"]);
    return only;
  }
  if (kind.has_status) applied.erase("status");
  return applied;
}

std::string described(const Owner& owner) {
  std::string out = fmt::format("\"{}\"", owner.manager);
  if (!owner.subresource.empty()) out += fmt::format(" with subresource \"{}\"", owner.subresource);
  if (owner.operation == "Update") out += " using " + owner.api_version;
  return out;
}

struct Clash {
  const Owner* owner;
  std::vector<std::string> paths;
};

base::Error conflict_error(const std::vector<Clash>& clashes) {
  base::Error error{.code = base::Code::Conflict};
  std::string list;
  for (const Clash& clash : clashes) {
    const std::string who = described(*clash.owner);
    for (const std::string& path : clash.paths)
      error.causes.push_back({"FieldManagerConflict", "conflict with " + who, path});
    if (!list.empty()) list += "\n";
    if (clash.paths.size() == 1) {
      list += fmt::format("conflict with {}: {}", who, clash.paths.front());
    } else {
      list += fmt::format("conflicts with {}:", who);
      for (const std::string& path : clash.paths) list += "\n- " + path;
    }
  }
  const std::size_t count = error.causes.size();
  error.message = fmt::format("Apply failed with {} conflict{}: {}", count, count == 1 ? "" : "s", list);
  return error;
}

std::vector<Clash> clashes_of(const Owners& owners, const Owner& own, const FieldSet& changed) {
  std::vector<Clash> out;
  for (const Owner& owner : owners) {
    if (&owner == &own) continue;
    auto paths = owner.fields.common_with(changed).paths();
    if (!paths.empty()) out.push_back({&owner, std::move(paths)});
  }
  return out;
}

// `object` without what the manager applied before, applies no more, and nobody else owns.
Value pruned(const Schema& schema, const Value& object, const Owners& owners, const FieldSet& before) {
  FieldSet owned;
  for (const Owner& owner : owners) owned = owned.united(owner.fields);
  const FieldSet gone = before.with_named_parents().without(owned.with_named_parents());
  return gone.is_empty() ? object : without_fields(schema, object, gone);
}

bool same_fields(const Owners& a, const Owners& b) {
  auto covered = [](const Owners& x, const Owners& y) {
    return std::ranges::all_of(x, [&](const Owner& o) {
      return std::ranges::any_of(
          y, [&](const Owner& p) { return p.is(o.manager, o.operation, o.subresource) && p.fields == o.fields; });
    });
  };
  return covered(a, b) && covered(b, a);
}

Owners stripped(Owners owners) {
  for (Owner& owner : owners) strip(owner.fields);
  std::erase_if(owners, [](const Owner& o) { return o.fields.is_empty(); });
  return owners;
}

}  // namespace

base::Result<Value> server_side_apply(const Kind& kind, const Value& live, const Value& applied,
                                      const ApplyOptions& options) {
  if (!applied["metadata"]["managedFields"].is_empty())
    return base::fail(base::Code::BadRequest, "metadata.managedFields must be nil");
  const Value wanted = effective(kind, applied, options.subresource);
  if (std::string twice = find_duplicate_item(*kind.schema, wanted); !twice.empty())
    return base::fail(base::Code::BadRequest,
                      "failed to create typed patch object: duplicate entries for key " + twice);

  const Owners before = read_owners(live);
  Owners owners = before;
  const Value base = without_owners(live);
  Owner& own = owner_of(owners, options.manager, "Apply", options.subresource, kind.resource.api_version());
  const FieldSet had = own.fields;
  own.fields = fields_of(*kind.schema, wanted);
  own.api_version = kind.resource.api_version();

  Value result = pruned(*kind.schema, merged(*kind.schema, base, wanted), owners, had);
  const Comparison difference = compare(*kind.schema, base, result);
  const auto clashes = clashes_of(owners, own, difference.changed());
  if (!clashes.empty() && !options.force) return base::fail(conflict_error(clashes));
  for (Owner& owner : owners) {
    if (&owner == &own) continue;
    owner.fields = without_subtrees(owner.fields.without(difference.changed()), difference.removed);
  }
  if (!live.is_null() && result == base && same_fields(stripped(owners), before)) return live;
  own.time = base::format_time(options.now);
  write_owners(result, std::move(owners));
  return result;
}

Value track_update(const Kind& kind, const Value& before, Value after, const std::string& manager,
                   const std::string& subresource, base::Time now) {
  const Value was = without_owners(before), is = without_owners(after);
  if (!before.is_null() && was == is)
    return before["metadata"]["managedFields"] == after["metadata"]["managedFields"] ? before : after;
  const Comparison difference = compare(*kind.schema, was, is);
  FieldSet changed = difference.changed();
  strip(changed);
  if (kind.has_status && subresource.empty()) changed.erase_child("f:status");  // the server's, not the writer's
  Owners owners = read_owners(after);
  Owner& own = owner_of(owners, manager, "Update", subresource, kind.resource.api_version());
  for (Owner& owner : owners) {
    if (&owner != &own) owner.fields = owner.fields.without(changed);
    owner.fields = without_subtrees(owner.fields, difference.removed);
  }
  own.fields = own.fields.united(changed);
  own.api_version = kind.resource.api_version();
  if (!changed.is_empty()) own.time = base::format_time(now);
  write_owners(after, std::move(owners));
  return after;
}

}  // namespace slipway::api
