#include "apiserver/body.h"

#include "apiserver/errors.h"
#include "base/strings.h"
#include "data/json.h"
#include "data/yaml.h"

namespace slipway::apiserver {
namespace {

using base::fail;
using data::Value;

base::Result<Document> parse_text(const RawBody& raw) {
  std::vector<data::Diagnostic> duplicates;
  data::ParseOptions options{.limits = {.max_bytes = kMaxBody}, .duplicates = &duplicates};
  bool yaml = raw.media == Media::Yaml || raw.media == Media::ApplyPatch;
  auto value = yaml ? data::parse_yaml(raw.bytes, options) : data::parse_json(raw.bytes, options);
  if (!value) return fail(value.error());
  Document out{std::move(*value), {}};
  for (const data::Diagnostic& d : duplicates) out.duplicates.push_back("duplicate field \"" + d.path + "\"");
  return out;
}

base::Result<Document> parse_raw(const api::Scheme& scheme, const RawBody& raw) {
  if (raw.bytes.size() > kMaxBody)
    return fail(base::Code::TooLarge, "the request body is larger than " + std::to_string(kMaxBody) + " bytes");
  if (raw.media == Media::Unsupported)
    return fail(base::Code::UnsupportedMediaType,
                "the body of the request was in an unknown format - accepted media types include: application/json, "
                "application/yaml, application/vnd.kubernetes.protobuf");
  if (raw.media != Media::Protobuf) return parse_text(raw);
  auto value = api::decode_protobuf(scheme, raw.bytes);
  if (!value) return fail(value.error());
  return Document{std::move(*value), {}};
}

std::string cannot_be_handled(const api::Kind& kind, const std::string& why) {
  const api::Resource& r = kind.resource;
  return r.kind + " in version \"" + r.version + "\" cannot be handled as a " + r.kind + ": " + why;
}

std::string text_of(const std::vector<base::Cause>& problems) {
  std::vector<std::string> lines;
  for (const base::Cause& p : problems) lines.push_back(p.field.empty() ? p.message : p.field + ": " + p.message);
  return base::join(lines, ", ");
}

}  // namespace

Media media_of(const Body& body) {
  if (auto* raw = std::get_if<RawBody>(&body)) return raw->media;
  if (auto* parsed = std::get_if<ParsedBody>(&body)) return parsed->media;
  return Media::Json;
}

base::Result<Document> parse_body(const api::Scheme& scheme, const Body& body) {
  if (auto* raw = std::get_if<RawBody>(&body)) return parse_raw(scheme, *raw);
  if (auto* parsed = std::get_if<ParsedBody>(&body)) {
    if (parsed->error) return fail(*parsed->error);
    return Document{parsed->value, parsed->duplicates};
  }
  return Document{};
}

void read_ahead(const api::Scheme& scheme, Body& body) {
  auto* raw = std::get_if<RawBody>(&body);
  if (raw == nullptr) return;
  auto document = parse_raw(scheme, *raw);
  ParsedBody parsed{.media = raw->media};
  if (document) {
    parsed.value = std::move(document->value);
    parsed.duplicates = std::move(document->duplicates);
  } else {
    parsed.error = document.error();
  }
  body = std::move(parsed);
}

base::Result<Value> conformed(const api::Kind& kind, const Value& value, const std::vector<std::string>& duplicates,
                              Validation validation, std::vector<std::string>& warnings) {
  std::vector<std::string> unknown;
  std::vector<base::Cause> problems;
  Value object = api::conform(kind, value, unknown, problems);
  if (!problems.empty() && kind.custom)
    return fail(invalid(kind.resource, value["metadata"]["name"].as_string(), std::move(problems)));
  if (!problems.empty()) return fail(bad_request(cannot_be_handled(kind, text_of(problems))));
  std::vector<std::string> complaints;
  for (const std::string& path : unknown) complaints.push_back("unknown field \"" + path + "\"");
  complaints.insert(complaints.end(), duplicates.begin(), duplicates.end());
  if (validation == Validation::Warn) warnings.insert(warnings.end(), complaints.begin(), complaints.end());
  if (validation == Validation::Strict && !complaints.empty())
    return fail(bad_request(cannot_be_handled(kind, "strict decoding error: " + base::join(complaints, ", "))));
  return object;
}

}  // namespace slipway::apiserver
