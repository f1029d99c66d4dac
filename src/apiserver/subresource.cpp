#include "apiserver/subresource.h"

#include "api/meta.h"
#include "apiserver/errors.h"
#include "apiserver/scale.h"
#include "data/patch.h"

namespace slipway::apiserver {
namespace {

using base::fail;
using data::Value;

Value created_status() {
  return Value::object(
      {{"apiVersion", "v1"}, {"kind", "Status"}, {"metadata", Value::object()}, {"status", "Success"}, {"code", 201}});
}

bool is(const api::Kind& kind, std::string_view plural) {
  return kind.resource.group.empty() && kind.resource.plural == plural;
}

// The Scale that the request wants, from a whole one or a patch on the present one.
base::Result<Value> wanted_scale(const ApiRequest& request, const Document& document, const Value& present) {
  if (request.verb == Verb::Update) return document.value;
  switch (media_of(request.body)) {
    case Media::JsonPatch:
      return data::apply_json_patch(present, document.value);
    case Media::MergePatch:
    case Media::StrategicPatch:
      return data::apply_merge_patch(present, document.value);
    default:
      return fail(base::Code::UnsupportedMediaType, "a Scale can be changed by PUT, JSON patch or merge patch");
  }
}

base::Result<Response> write_scale(Writer& writer, const ApiRequest& request) {
  auto entry = writer.target();
  if (!entry) return fail(entry.error());
  auto document = writer.document();
  if (!document) return fail(document.error());
  Value object = visible(*writer.kind(), **entry);
  auto scale = wanted_scale(request, *document, scale_of(*writer.kind(), object));
  if (!scale) return fail(scale.error());
  auto next = with_scale(*writer.kind(), std::move(object), *scale);
  if (!next) return fail(next.error());
  auto stored = writer.replace(*entry, std::move(*next), {.subresource = "scale"});
  if (!stored) return fail(stored.error());
  return Response::of(nullptr, scale_of(*writer.kind(), *stored));
}

base::Result<void> check_bindable(const Writer& writer, const Value& pod, std::string_view node) {
  const api::Resource& r = writer.kind()->resource;
  std::string_view name = api::name_of(pod), bound = pod["spec"]["nodeName"].as_string();
  if (node.empty()) return fail(invalid(r, name, {required_value("target.name", "")}));
  if (api::is_deleting(pod))
    return fail(conflict(r, name, "pod " + std::string(name) + " is being deleted, cannot be assigned to a host"));
  if (!bound.empty())
    return fail(
        conflict(r, name, "pod " + std::string(name) + " is already assigned to node \"" + std::string(bound) + "\""));
  return {};
}

base::Result<Response> bind(Writer& writer, base::Time now) {
  auto entry = writer.target();
  if (!entry) return fail(entry.error());
  auto document = writer.document();
  if (!document) return fail(document.error());
  Value pod = visible(*writer.kind(), **entry);
  std::string node = document->value["target"]["name"].str();
  if (auto fine = check_bindable(writer, pod, node); !fine) return fail(fine.error());
  pod.set({"spec", "nodeName"}, node);
  api::set_condition(pod.member("status"), "PodScheduled", "True", "", "", now);
  auto stored = writer.overwrite(*entry, std::move(pod), {.subresource = "binding"});
  if (!stored) return fail(stored.error());
  return Response::of(nullptr, created_status(), 201);
}

base::Result<Response> evict(Writer& writer, const ApiRequest& request) {
  auto entry = writer.target();
  if (!entry) return fail(entry.error());
  auto document = writer.document();
  if (!document) return fail(document.error());
  auto options = delete_options(document->value["deleteOptions"], request.options);
  if (!options) return fail(options.error());
  bool gone = false;
  if (auto removed = writer.remove(*entry, *options, gone); !removed) return fail(removed.error());
  return Response::of(nullptr, created_status(), 201);
}

base::Result<Response> finalize(Writer& writer) {
  auto entry = writer.target();
  if (!entry) return fail(entry.error());
  auto document = writer.document();
  if (!document) return fail(document.error());
  Value space = visible(*writer.kind(), **entry);
  const Value& finalizers = document->value["spec"]["finalizers"];
  if (finalizers.is_empty())
    space.member("spec").erase("finalizers");
  else
    space.set({"spec", "finalizers"}, finalizers);
  auto stored = writer.overwrite(*entry, std::move(space), {.subresource = "finalize"});
  if (!stored) return fail(stored.error());
  return Response::of(writer.kind(), std::move(*stored));
}

}  // namespace

bool has_subresource(const api::Kind& kind, std::string_view subresource) {
  if (subresource == "status") return kind.has_status;
  if (subresource == "scale") return kind.scale.has_value();
  if (subresource == "finalize") return is(kind, "namespaces");
  return is(kind, "pods") && (subresource == "binding" || subresource == "eviction" || subresource == "log");
}

base::Result<Response> write_subresource(Core& core, const ApiRequest& request, const KindPtr& kind,
                                         const std::shared_ptr<Commit>& commit) {
  Writer writer(core, request, kind, commit);
  const std::string& name = request.target.subresource;
  bool change = request.verb == Verb::Update || request.verb == Verb::Patch;
  if (name == "scale" && change) return write_scale(writer, request);
  if (name == "binding" && request.verb == Verb::Create) return bind(writer, core.loop.now());
  if (name == "eviction" && request.verb == Verb::Create) return evict(writer, request);
  if (name == "finalize" && request.verb == Verb::Update) return finalize(writer);
  return fail(method_not_allowed(text_of(request.verb)));
}

}  // namespace slipway::apiserver
