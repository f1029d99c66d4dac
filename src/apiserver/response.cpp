#include "apiserver/response.h"

#include "api/meta.h"
#include "apiserver/object_bytes.h"
#include "data/json.h"
#include "data/yaml.h"

namespace slipway::apiserver {
namespace {

using data::Value;

Value partial(const Value& object) {
  return Value::object(
      {{"apiVersion", "meta.k8s.io/v1"}, {"kind", "PartialObjectMetadata"}, {"metadata", object["metadata"]}});
}

Value partial_list(const Listing& listing) {
  std::vector<Value> items;
  items.reserve(listing.entries.size());
  for (const store::EntryPtr& entry : listing.entries) items.push_back(partial(visible(*listing.kind, *entry)));
  return Value::object({{"apiVersion", "meta.k8s.io/v1"},
                        {"kind", "PartialObjectMetadataList"},
                        {"metadata", listing.metadata},
                        {"items", Value::array_of(std::move(items))}});
}

Value table_of(const Listing& listing, const Form& form, base::Time now) {
  std::vector<Value> objects;
  objects.reserve(listing.entries.size());
  for (const store::EntryPtr& entry : listing.entries) objects.push_back(visible(*listing.kind, *entry));
  return api::make_table(*listing.kind, objects, listing.metadata, form.include, now);
}

Value shaped_list(const Listing& listing, const Form& form, base::Time now) {
  switch (form.shape) {
    case Shape::Object:
      return list_value(listing);
    case Shape::Table:
      return table_of(listing, form, now);
    case Shape::Metadata:
      return partial_list(listing);
  }
  return {};
}

Rendered encoded(const Value& value, Encoding encoding, Shape shape) {
  Rendered out;
  bool yaml = encoding == Encoding::Yaml;
  out.bytes = std::make_shared<const std::string>(yaml ? data::to_yaml(value) : data::to_json(value) + "\n");
  out.content_type = yaml ? "application/yaml" : "application/json";
  if (shape == Shape::Table) out.content_type += ";as=Table;v=v1;g=meta.k8s.io";
  return out;
}

Rendered body_of(const Response& response, const Form& form, base::Time now) {
  if (auto* text = std::get_if<Text>(&response.body)) return {.content_type = text->content_type, .bytes = text->bytes};
  if (auto* listing = std::get_if<Listing>(&response.body)) {
    if (listing->bytes != nullptr && form == Form{.include = form.include})
      return {.content_type = "application/json",
              .bytes = std::make_shared<const std::string>(list_json(*listing, *listing->bytes))};
    return encoded(shaped_list(*listing, form, now), form.encoding, form.shape);
  }
  if (auto* single = std::get_if<Single>(&response.body)) {
    bool shape = single->kind != nullptr && !response.error;
    return encoded(shaped(single->kind, single->object, form, now), form.encoding, shape ? form.shape : Shape::Object);
  }
  return {.bytes = std::make_shared<const std::string>()};  // 304: a content type would replace the cached one
}

// RFC 7234 section 5.5: 299 - "text", with quotes and backslashes escaped.
std::string warning_header(std::string_view text) {
  std::string out = "299 - \"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out + "\"";
}

}  // namespace

Response Response::of(base::Error error) {
  Response response{.status = base::http_status_of(error.code)};
  response.body = Single{nullptr, api::make_status(error)};
  if (error.retry_after) {
    auto seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count();
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
  }
  response.error = std::move(error);
  return response;
}

Response Response::of(KindPtr kind, Value object, int status) {
  Response response{.status = status};
  response.body = Single{std::move(kind), std::move(object)};
  return response;
}

Response Response::text(std::string bytes, std::string content_type) {
  Response response;
  response.body = Text{std::move(content_type), std::make_shared<const std::string>(std::move(bytes))};
  return response;
}

Value visible(const api::Kind& kind, Value object, store::Revision revision) {
  object.member("metadata").set("resourceVersion", std::to_string(revision));
  std::string version = kind.resource.api_version();
  if (object["apiVersion"].as_string() != version) object.set("apiVersion", version);
  return object;
}

Value visible(const api::Kind& kind, const store::Entry& entry) { return visible(kind, entry.object, entry.modified); }

Value list_value(const Listing& listing) {
  std::vector<Value> items;
  items.reserve(listing.entries.size());
  for (const store::EntryPtr& entry : listing.entries) items.push_back(visible(*listing.kind, *entry));
  return Value::object({{"apiVersion", listing.kind->resource.api_version()},
                        {"kind", listing.kind->list_kind},
                        {"metadata", listing.metadata},
                        {"items", Value::array_of(std::move(items))}});
}

Value shaped(const KindPtr& kind, const Value& object, const Form& form, base::Time now) {
  if (kind == nullptr) return object;
  switch (form.shape) {
    case Shape::Object:
      return object;
    case Shape::Metadata:
      return partial(object);
    case Shape::Table: {
      Value metadata = Value::object({{"resourceVersion", api::version_of(object)}});
      return api::make_table(*kind, {object}, metadata, form.include, now);
    }
  }
  return object;
}

Rendered render(const Response& response, const Form& form, base::Time now) {
  Rendered out = body_of(response, form, now);
  out.status = response.status;
  out.headers = response.headers;
  for (const std::string& warning : response.warnings) out.headers.emplace_back("Warning", warning_header(warning));
  return out;
}

}  // namespace slipway::apiserver
