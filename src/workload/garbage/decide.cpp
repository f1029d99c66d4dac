#include "workload/garbage/decide.h"

#include <algorithm>

#include "api/meta.h"
#include "control/patch.h"

namespace slipway::workload::garbage {

using control::Decision;
using control::Effect;
using control::Patch;
using data::Value;
using State = Owner::State;

namespace {

Patch patch_metadata(const api::Resource& resource, const Value& object, std::string_view field, Value value) {
  return control::patch_of(resource, object, Value::object({{"metadata", Value::object({{field, std::move(value)}})}}));
}

// Null instead of an empty list: a merge patch removes the field.
Value list_or_null(Value list) { return list.size() > 0 ? std::move(list) : Value(); }

Value references_without(const Value& object, std::string_view uid) {
  Value left = Value::array();
  for (const Value& reference : object["metadata"]["ownerReferences"].items())
    if (reference["uid"].as_string() != uid) left.push_back(reference);
  return list_or_null(std::move(left));
}

bool blocks(const Dependent& dependent, std::string_view owner_uid) {
  for (const Value& reference : dependent.object["metadata"]["ownerReferences"].items())
    if (reference["uid"].as_string() == owner_uid && reference["blockOwnerDeletion"].as_bool()) return true;
  return false;
}

bool is_waiting(const Value& object) { return api::is_deleting(object) && api::has_finalizer(object, kForeground); }

class Pass {
 public:
  explicit Pass(const Observation& seen) : seen_(seen), object_(seen.object) {}

  Decision run() {
    if (api::is_deleting(object_) && api::has_finalizer(object_, kOrphan))
      orphan_dependents();
    else if (is_waiting(object_))
      release_when_unblocked();
    else if (!api::is_deleting(object_))
      act_as_dependent();
    return std::move(out_);
  }

 private:
  bool any(State state) const {
    return std::ranges::any_of(seen_.owners, [state](const Owner& owner) { return owner.state == state; });
  }

  void act_as_dependent() {
    for (const Owner& owner : seen_.owners) {
      if (owner.state != State::Missing) continue;
      const std::string id = question_id(object_, owner.reference);
      out_.effects.push_back(control::Forget{id});  // an answer that failed
      out_.effects.push_back(control::Ask{.id = id, .port = "object", .question = owner.question});
    }
    if (seen_.owners.empty() || any(State::Missing) || any(State::Asked)) return;
    const bool gone = any(State::Gone);
    if (any(State::Present)) {
      // Somebody still owns it: owners that are gone or wait for it only lose their reference.
      if (gone || any(State::Waiting)) drop_references();
    } else if (any(State::Waiting)) {
      remove_for_waiting_owner();
    } else if (gone) {
      remove("Background", "garbage.owner-gone", "No owner is left.");
    }
    forget_answers();
  }

  void drop_references() {
    Value left = Value::array();
    for (const Owner& owner : seen_.owners)
      if (owner.state == State::Present) left.push_back(owner.reference);
    out_.effects.push_back(patch_metadata(seen_.resource, object_, "ownerReferences", list_or_null(std::move(left))));
    explain("garbage.drop-reference", "Owners are gone, another is left.");
  }

  // In a circle of owners everybody would wait for everybody: there, the waiting owner is no longer blocked.
  void remove_for_waiting_owner() {
    const bool in_circle =
        std::ranges::any_of(seen_.dependents, [](const Dependent& d) { return is_waiting(d.object); });
    if (in_circle) {
      Value unblocked = Value::array();
      for (const Owner& owner : seen_.owners) unblocked.push_back(owner.reference.with("blockOwnerDeletion", false));
      if (unblocked != object_["metadata"]["ownerReferences"]) {
        out_.effects.push_back(patch_metadata(seen_.resource, object_, "ownerReferences", std::move(unblocked)));
        return;
      }
    }
    remove(seen_.dependents.empty() ? "Background" : "Foreground", "garbage.foreground",
           "An owner is deleted in the foreground.");
  }

  void remove(std::string propagation, std::string rule, std::string text) {
    out_.effects.push_back(control::Delete{.resource = seen_.resource,
                                           .space = std::string(api::space_of(object_)),
                                           .name = std::string(api::name_of(object_)),
                                           .uid = std::string(api::uid_of(object_)),
                                           .version = std::string(api::version_of(object_)),
                                           .propagation = std::move(propagation)});
    explain(std::move(rule), std::move(text));
  }

  // An answer is true for now only: next time the API is asked again.
  void forget_answers() {
    for (const Owner& owner : seen_.owners)
      if (owner.answered) out_.effects.push_back(control::Forget{question_id(object_, owner.reference)});
  }

  void release_when_unblocked() {
    const std::string_view uid = api::uid_of(object_);
    if (std::ranges::any_of(seen_.dependents, [uid](const Dependent& d) { return blocks(d, uid); })) return;
    remove_finalizer(kForeground);
  }

  void orphan_dependents() {
    const std::string_view uid = api::uid_of(object_);
    for (const Dependent& dependent : seen_.dependents) {
      if (out_.effects.size() >= kBatch) return;
      out_.effects.push_back(patch_metadata(dependent.resource, dependent.object, "ownerReferences",
                                            references_without(dependent.object, uid)));
    }
    if (seen_.dependents.empty()) remove_finalizer(kOrphan);
  }

  void remove_finalizer(std::string_view finalizer) {
    Value left = Value::array();
    for (const Value& each : object_["metadata"]["finalizers"].items())
      if (each.as_string() != finalizer) left.push_back(each);
    out_.effects.push_back(patch_metadata(seen_.resource, object_, "finalizers", list_or_null(std::move(left))));
    explain("garbage.release", "No dependent is left to wait for.");
  }

  void explain(std::string rule, std::string text) { out_.reasons.push_back({std::move(rule), std::move(text)}); }

  const Observation& seen_;
  const Value& object_;
  Decision out_;
};

}  // namespace

std::string question_id(const Value& object, const Value& reference) {
  return "garbage/" + std::string(api::uid_of(object)) + "/" + reference["uid"].str();
}

Decision decide(const Observation& seen, base::Time) { return Pass(seen).run(); }

}  // namespace slipway::workload::garbage
