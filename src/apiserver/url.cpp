#include "apiserver/url.h"

#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "http/message.h"

namespace slipway::apiserver {
namespace {

using base::Code;
using base::fail;

bool is_true(std::string_view v) {
  return v == "1" || v == "true" || v == "t" || v == "T" || v == "True" || v == "TRUE";
}

base::Result<std::int64_t> count(std::string_view name, std::string_view value) {
  auto n = base::parse_int(value);
  if (!n || *n < 0)
    return fail(Code::BadRequest, "the query parameter " + std::string(name) + " must be a whole number");
  return *n;
}

base::Result<void> set_validation(Options& options, std::string_view value) {
  if (value == "Strict")
    options.validation = Validation::Strict;
  else if (value == "Warn" || value.empty())
    options.validation = Validation::Warn;
  else if (value == "Ignore")
    options.validation = Validation::Ignore;
  else
    return fail(Code::BadRequest, "fieldValidation must be Ignore, Warn or Strict, not \"" + std::string(value) + "\"");
  return {};
}

base::Result<void> set_match(Options& options, std::string_view value) {
  if (value == "Exact")
    options.version_match = VersionMatch::Exact;
  else if (value == "NotOlderThan")
    options.version_match = VersionMatch::NotOlderThan;
  else if (!value.empty())
    return fail(Code::BadRequest, "resourceVersionMatch must be Exact or NotOlderThan");
  return {};
}

base::Result<void> set_dry_run(Options& options, std::string_view value) {
  if (!value.empty() && value != "All")
    return fail(Code::BadRequest, "dryRun must be All, not \"" + std::string(value) + "\"");
  options.dry_run = !value.empty();
  return {};
}

base::Result<void> set_number(Options& options, std::string_view name, std::string_view value) {
  auto n = count(name, value);
  if (!n) return fail(n.error());
  if (name == "limit")
    options.limit = *n;
  else
    options.timeout = base::seconds(*n);
  return {};
}

// One parameter; false in `known` sends it to `other`.
base::Result<void> set_option(Options& o, const std::string& name, const std::string& value, bool& known) {
  if (name == "labelSelector")
    o.label_selector = value;
  else if (name == "fieldSelector")
    o.field_selector = value;
  else if (name == "continue")
    o.continue_token = value;
  else if (name == "resourceVersion")
    o.resource_version = value;
  else if (name == "fieldManager")
    o.field_manager = value;
  else if (name == "force")
    o.force = is_true(value);
  else if (name == "allowWatchBookmarks")
    o.allow_bookmarks = is_true(value);
  else if (name == "sendInitialEvents")
    o.send_initial_events = is_true(value);
  else if (name == "fieldValidation")
    return set_validation(o, value);
  else if (name == "resourceVersionMatch")
    return set_match(o, value);
  else if (name == "dryRun")
    return set_dry_run(o, value);
  else if ((name == "limit" || name == "timeoutSeconds") && !value.empty())
    return set_number(o, name, value);
  else
    known = false;
  return {};
}

base::Result<Options> options_of(std::vector<std::pair<std::string, std::string>> query) {
  Options options;
  for (auto& [name, value] : query) {
    bool known = true;
    if (auto set = set_option(options, name, value, known); !set) return fail(set.error());
    if (!known) options.other.emplace_back(std::move(name), std::move(value));
  }
  return options;
}

// Segments after the version: [namespaces NS] PLURAL [NAME [SUBRESOURCE...]].
void place(Target& target, std::span<const std::string_view> rest) {
  bool about_namespace = rest.size() <= 2 || (rest.size() == 3 && (rest[2] == "status" || rest[2] == "finalize"));
  if (rest[0] == "namespaces" && !about_namespace) {
    target.space = rest[1];
    rest = rest.subspan(2);
  }
  target.plural = rest[0];
  if (rest.size() > 1) target.name = rest[1];
  for (std::size_t i = 2; i < rest.size(); ++i) target.subresource.append(i > 2 ? "/" : "").append(rest[i]);
}

// Nullopt: the path names no resource.
std::optional<Target> target_of(std::string_view path) {
  Target target;
  std::vector<std::string_view> segments = base::split(path, '/');
  std::erase(segments, "");
  std::span<const std::string_view> all(segments);
  if (all.size() > 2 && all[0] == "api") {
    target.version = all[1];
    all = all.subspan(2);
  } else if (all.size() > 3 && all[0] == "apis") {
    target.group = all[1];
    target.version = all[2];
    all = all.subspan(3);
  } else {
    return std::nullopt;
  }
  place(target, all);
  return target;
}

std::optional<Verb> verb_of(std::string_view method, bool named, bool watching) {
  if (method == "GET" || method == "HEAD") return watching ? Verb::Watch : named ? Verb::Get : Verb::List;
  if (method == "POST") return Verb::Create;
  if (method == "PUT" && named) return Verb::Update;
  if (method == "PATCH" && named) return Verb::Patch;
  if (method == "DELETE") return named ? Verb::Delete : Verb::DeleteCollection;
  return std::nullopt;
}

// "application/json;as=Table;g=meta.k8s.io;v=v1" as type and parameters.
struct Alternative {
  std::string type;
  std::string as, group, version;
};

Alternative alternative_of(std::string_view text) {
  Alternative out;
  bool first = true;
  for (std::string_view part : base::split(text, ';')) {
    part = base::trim(part);
    if (first)
      out.type = base::to_lower(part);
    else if (part.starts_with("as="))
      out.as = part.substr(3);
    else if (part.starts_with("g="))
      out.group = part.substr(2);
    else if (part.starts_with("v="))
      out.version = part.substr(2);
    first = false;
  }
  return out;
}

std::optional<Form> served(const Alternative& a) {
  Form form;
  if (a.type == "application/yaml")
    form.encoding = Encoding::Yaml;
  else if (a.type != "application/json" && a.type != "*/*" && a.type != "application/*")
    return std::nullopt;
  if (a.as.empty()) return form;
  if (a.group != "meta.k8s.io" || (a.version != "v1" && a.version != "v1beta1")) return std::nullopt;
  if (a.as == "Table")
    form.shape = Shape::Table;
  else if (a.as == "PartialObjectMetadata" || a.as == "PartialObjectMetadataList")
    form.shape = Shape::Metadata;
  else
    return std::nullopt;
  return form;
}

void set_include(Form& form, std::string_view include) {
  if (include == "Object") form.include = api::IncludeObject::Object;
  if (include == "None") form.include = api::IncludeObject::None;
}

AnyRequest path_request(HttpParts& parts, std::string_view path, Options options, Identity who) {
  return PathRequest{.who = std::move(who),
                     .method = std::string(parts.method),
                     .path = std::string(path),
                     .options = std::move(options),
                     .body = std::move(parts.body),
                     .accept = std::string(parts.accept),
                     .if_none_match = std::string(parts.if_none_match)};
}

}  // namespace

Media media_of(std::string_view content_type) {
  std::string type = base::to_lower(base::trim(content_type.substr(0, content_type.find(';'))));
  if (type.empty() || type == "application/json") return Media::Json;
  if (type == "application/yaml") return Media::Yaml;
  if (type == "application/vnd.kubernetes.protobuf") return Media::Protobuf;
  if (type == "application/json-patch+json") return Media::JsonPatch;
  if (type == "application/merge-patch+json") return Media::MergePatch;
  if (type == "application/strategic-merge-patch+json") return Media::StrategicPatch;
  if (type == "application/apply-patch+yaml") return Media::ApplyPatch;
  return Media::Unsupported;
}

base::Result<Form> form_of(std::string_view accept) {
  if (base::trim(accept).empty()) return Form{};
  for (std::string_view text : base::split(accept, ','))
    if (auto form = served(alternative_of(text))) return *form;
  return fail(Code::NotAcceptable,
              "only the following media types are accepted: application/json, application/yaml, "
              "application/json;as=Table;v=v1;g=meta.k8s.io");
}

base::Result<AnyRequest> parse_request(HttpParts parts, Identity who) {
  auto url = http::parse_target(parts.target);
  if (!url) return fail(url.error());
  auto options = options_of(std::move(url->query));
  if (!options) return fail(options.error());
  auto target = target_of(url->path);
  if (!target) return path_request(parts, url->path, std::move(*options), std::move(who));

  bool watching = target->subresource.empty() && options->flag("watch");
  auto verb = verb_of(parts.method, !target->name.empty(), watching);
  if (!verb) return fail(Code::MethodNotAllowed, "the server does not allow this method on the requested resource");
  // Logs are text whatever the client would like best.
  auto form = target->subresource == "log" ? base::Result<Form>(Form{}) : form_of(parts.accept);
  if (!form) return fail(form.error());
  set_include(*form, options->get("includeObject"));

  ApiRequest request{.who = std::move(who),
                     .verb = *verb,
                     .target = std::move(*target),
                     .options = std::move(*options),
                     .form = *form,
                     .user_agent = std::string(parts.user_agent)};
  if (is_write(*verb) && !parts.body.empty())
    request.body = RawBody{media_of(parts.content_type), std::move(parts.body), std::string(parts.content_type)};
  return request;
}

}  // namespace slipway::apiserver
