#include "control/requests.h"

#include "api/meta.h"
#include "data/patch.h"

namespace slipway::control {
namespace {

using client::PatchType;
using client::Request;
using client::Verb;
using data::Value;

template <class... F>
struct Overload : F... {
  using F::operator()...;
};

client::ObjectName name_in(const Value& object) {
  return {std::string(api::space_of(object)), std::string(api::name_of(object))};
}

Value with_preconditions(Value body, std::string_view uid, std::string_view version) {
  if (!uid.empty()) body.set({"metadata", "uid"}, uid);
  if (!version.empty()) body.set({"metadata", "resourceVersion"}, version);
  return body;
}

Value delete_options(const Delete& effect) {
  Value options = Value::object({{"apiVersion", "v1"}, {"kind", "DeleteOptions"}});
  if (!effect.uid.empty()) options.set({"preconditions", "uid"}, effect.uid);
  if (!effect.version.empty()) options.set({"preconditions", "resourceVersion"}, effect.version);
  if (!effect.propagation.empty()) options.set("propagationPolicy", effect.propagation);
  if (effect.grace_seconds) options.set("gracePeriodSeconds", *effect.grace_seconds);
  return options;
}

Request create_request(const Create& effect) {
  Request request{.verb = Verb::Create, .resource = effect.resource, .body = effect.object};
  request.space = api::space_of(effect.object);
  request.subresource = effect.subresource;
  if (!effect.subresource.empty()) request.name = api::name_of(effect.object);
  if (effect.subresource == "finalize") request.verb = Verb::Update;
  return request;
}

Request apply_request(const Apply& effect) {
  Request request{.verb = Verb::Patch, .resource = effect.resource, .body = effect.object};
  request.space = api::space_of(effect.object);
  request.name = api::name_of(effect.object);
  request.subresource = effect.subresource;
  request.patch_type = PatchType::Apply;
  request.force = true;
  return request;
}

std::string pointer_of(const std::vector<std::string>& path) {
  std::string out;
  for (const std::string& name : path) {
    out += '/';
    for (const char c : name) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return out;
}

void add_operation(Value& out, const char* op, const std::vector<std::string>& path, const Value& value) {
  out.push_back(Value::object({{"op", op}, {"path", pointer_of(path)}, {"value", value}}));
}

void set_members(Value& out, std::vector<std::string>& path, const Value& body) {
  for (const data::Member& m : body.members()) {
    path.emplace_back(m.key.view());
    m.value.is_object() ? set_members(out, path, m.value) : add_operation(out, "add", path, m.value);
    path.pop_back();
  }
}

// No other kind of patch can say that something must be as it was (RFC 6902, section 4.6).
Value guarded(const Patch& effect) {
  Value out = Value::array();
  add_operation(out, "test", {"metadata", "uid"}, effect.uid);
  for (const Seen& seen : effect.seen) add_operation(out, "test", seen.path, seen.value);
  std::vector<std::string> path;
  set_members(out, path, effect.body);
  return out;
}

Request patch_request(const Patch& effect) {
  if (!effect.seen.empty())
    return {.verb = Verb::Patch,
            .resource = effect.resource,
            .space = effect.space,
            .name = effect.name,
            .subresource = effect.subresource,
            .body = guarded(effect),
            .patch_type = PatchType::Json};
  return {.verb = Verb::Patch,
          .resource = effect.resource,
          .space = effect.space,
          .name = effect.name,
          .subresource = effect.subresource,
          .body = with_preconditions(effect.body, effect.uid, effect.version),
          .patch_type = PatchType::Merge};
}

Request delete_request(const Delete& effect) {
  return {.verb = Verb::Delete,
          .resource = effect.resource,
          .space = effect.space,
          .name = effect.name,
          .body = delete_options(effect)};
}

std::string place(const api::Resource& resource, const client::ObjectName& name) {
  return resource.plural + " " + (name.space.empty() ? name.name : name.space + "/" + name.name);
}

}  // namespace

std::optional<Target> target_of(const Effect& effect) {
  return std::visit(
      Overload{[](const Create& e) { return std::optional(Target{e.resource, name_in(e.object)}); },
               [](const Apply& e) { return std::optional(Target{e.resource, name_in(e.object)}); },
               [](const Patch& e) { return std::optional(Target{e.resource, {e.space, e.name}, e.uid}); },
               [](const Delete& e) { return std::optional(Target{e.resource, {e.space, e.name}, e.uid}); },
               [](const Ask&) { return std::optional<Target>(); }, [](const Tell&) { return std::optional<Target>(); },
               [](const Forget&) { return std::optional<Target>(); }},
      effect);
}

Request request_of(const Effect& effect, std::string_view manager) {
  Request request = std::visit(
      Overload{[](const Create& e) { return create_request(e); }, [](const Apply& e) { return apply_request(e); },
               [](const Patch& e) { return patch_request(e); }, [](const Delete& e) { return delete_request(e); },
               [](const auto&) -> Request { base::bug("effect without a request", __FILE__, __LINE__); }},
      effect);
  request.field_manager = manager;
  return request;
}

Request status_request(const api::Resource& resource, const Value& observed, std::string_view version,
                       const Value& desired, std::string_view manager) {
  Value body = Value::object({{"status", data::diff_merge_patch(observed["status"], desired)}});
  return {.verb = Verb::Patch,
          .resource = resource,
          .space = std::string(api::space_of(observed)),
          .name = std::string(api::name_of(observed)),
          .subresource = "status",
          .body = with_preconditions(std::move(body), api::uid_of(observed), version),
          .patch_type = PatchType::Merge,
          .field_manager = std::string(manager)};
}

Request get_request(const Target& target) {
  return {.verb = Verb::Get, .resource = target.resource, .space = target.name.space, .name = target.name.name};
}

base::Error refusal_of(const Effect& effect, base::Error error) {
  const auto* patch = std::get_if<Patch>(&effect);
  if (patch == nullptr || patch->seen.empty() || error.code != base::Code::Invalid) return error;
  return {base::Code::Conflict, describe(effect) + ": it is not as it was seen any more: " + error.message};
}

std::string describe(const Effect& effect) {
  return std::visit(Overload{[](const Create& e) { return "create " + place(e.resource, name_in(e.object)); },
                             [](const Apply& e) { return "apply " + place(e.resource, name_in(e.object)); },
                             [](const Patch& e) { return "patch " + place(e.resource, {e.space, e.name}); },
                             [](const Delete& e) { return "delete " + place(e.resource, {e.space, e.name}); },
                             [](const Ask& e) { return "ask " + e.port + " " + e.id; },
                             [](const Tell& e) { return "tell " + e.port + " " + e.id; },
                             [](const Forget& e) { return "forget " + e.id; }},
                    effect);
}

}  // namespace slipway::control
