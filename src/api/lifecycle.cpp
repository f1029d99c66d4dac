// What a write may change (`prepare_*` in scheme.h): the server's own fields are dropped on create and carried over on
// update.
#include "api/meta.h"
#include "api/scheme.h"

namespace slipway::api {
namespace {

using data::Value;

constexpr std::string_view kServerFields[] = {
    "uid",      "creationTimestamp",          "deletionTimestamp", "generation",
    "selfLink", "deletionGracePeriodSeconds", "resourceVersion"};

// Kinds whose metadata.generation counts the changes of what is wanted.
bool has_generation(const Kind& kind) { return kind.custom || (kind.schema->find("spec") && kind.has_status); }

// What is wanted: everything but metadata, and status where it is written on its own.
Value wanted(const Kind& kind, const Value& object) {
  Value out = object.without("metadata");
  if (kind.has_status) out.erase("status");
  return out;
}

void carry(const Value& from, Value& to, std::string_view field) {
  if (from[field].is_null())
    to.erase(field);
  else
    to.set(field, from[field]);
}

bool asks_for_reset(const Value& managed) { return managed.size() == 1 && managed.at(0).is_empty(); }

void carry_metadata(const Value& old, Value& metadata) {
  for (std::string_view field : kServerFields) carry(old, metadata, field);
  carry(old, metadata, "namespace");
  if (metadata["name"].is_empty()) carry(old, metadata, "name");
  if (asks_for_reset(metadata["managedFields"]))
    metadata.erase("managedFields");
  else if (metadata["managedFields"].is_empty())
    carry(old, metadata, "managedFields");
}

}  // namespace

Value prepare_create(const Kind& kind, Value object) {
  Value metadata = object["metadata"];
  for (std::string_view field : kServerFields) metadata.erase(field);
  if (asks_for_reset(metadata["managedFields"])) metadata.erase("managedFields");
  if (has_generation(kind)) metadata.set("generation", 1);
  object.set("metadata", std::move(metadata));
  // A node agent registers its node together with what it found.
  if (kind.has_status && kind.resource != kNodes) object.erase("status");
  if (kind.begin) kind.begin(object);
  return object;
}

Value prepare_update(const Kind& kind, Value object, const Value& old) {
  Value metadata = object["metadata"];
  carry_metadata(old["metadata"], metadata);
  if (kind.has_status) carry(old, object, "status");
  if (has_generation(kind)) {
    const bool changed = wanted(kind, object) != wanted(kind, old);
    metadata.set("generation", generation_of(old) + (changed ? 1 : 0));
  }
  object.set("metadata", std::move(metadata));
  return object;
}

Value prepare_status_update(const Kind&, const Value& object, const Value& old) {
  Value out = old;
  carry(object, out, "status");
  const Value& managed = object["metadata"]["managedFields"];
  if (!managed.is_empty() && managed != old["metadata"]["managedFields"])
    out.set({"metadata", "managedFields"}, managed);
  return out;
}

}  // namespace slipway::api
