// What the API server is asked: a request after its URL has been understood, independent of HTTP.
//
// HTTP requests become this by `parse_request` (url.h); the in-process client builds it directly. Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/scheme.h"
#include "base/error.h"
#include "base/time.h"
#include "data/value.h"

namespace slipway::apiserver {

// Who asks, as authentication found out. Groups decide most rights; "system:masters" may do everything.
struct Identity {
  std::string user;
  std::vector<std::string> groups = {};
  bool is_in(std::string_view group) const;
  bool operator==(const Identity&) const = default;
};

// The server's own parts (bootstrap, CRD clean-up).
Identity system_identity();

enum class Verb { Get, List, Watch, Create, Update, Patch, Delete, DeleteCollection };
std::string_view text_of(Verb verb);  // "get", "deletecollection": the words of RBAC
bool is_write(Verb verb);

// A place in the API. `name` is empty for collections; `space` for cluster scope and for lists over all namespaces.
struct Target {
  std::string group = {};
  std::string version = {};
  std::string plural = {};
  std::string space = {};
  std::string name = {};
  std::string subresource = {};
  std::string qualified() const { return group.empty() ? plural : plural + "." + group; }
  bool operator==(const Target&) const = default;
};

enum class Validation { Strict, Warn, Ignore };          // ?fieldValidation
enum class VersionMatch { Unset, Exact, NotOlderThan };  // ?resourceVersionMatch

// Query parameters, typed. The ones that only some subresources know are in `other`, in query order.
struct Options {
  std::string label_selector = {};
  std::string field_selector = {};
  std::int64_t limit = 0;
  std::string continue_token = {};
  std::string resource_version = {};
  VersionMatch version_match = VersionMatch::Unset;
  bool dry_run = false;
  std::string field_manager = {};
  bool force = false;
  Validation validation = Validation::Warn;
  bool allow_bookmarks = false;
  bool send_initial_events = false;
  std::optional<base::Duration> timeout = {};
  std::vector<std::pair<std::string, std::string>> other = {};

  std::string_view get(std::string_view key) const;  // first of that name in `other`, or ""
  bool flag(std::string_view key) const;             // "1", "t", "true" ... as Go's ParseBool
};

enum class Media { Json, Yaml, Protobuf, JsonPatch, MergePatch, StrategicPatch, ApplyPatch, Unsupported };

// A body as it came; parsing waits until the kind is known and the caller is allowed.
struct RawBody {
  Media media = Media::Json;
  std::string bytes = {};
  std::string content_type = {};  // for the error text
};
// A body as a tree: from the in-process client, or read ahead on the thread that received it.
struct ParsedBody {
  Media media = Media::Json;
  data::Value value = {};
  std::vector<std::string> duplicates = {};  // fields named twice, as complaints
  std::optional<base::Error> error = {};     // why it cannot be read; told when it is the body's turn to be looked at
};
using Body = std::variant<std::monostate, RawBody, ParsedBody>;

// How the answer is to look: content negotiation's outcome (form.h).
enum class Shape { Object, Table, Metadata };  // as it is | meta.k8s.io Table | PartialObjectMetadata(List)
enum class Encoding { Json, Yaml };
struct Form {
  Shape shape = Shape::Object;
  Encoding encoding = Encoding::Json;
  api::IncludeObject include = api::IncludeObject::Metadata;  // for tables
  auto operator<=>(const Form&) const = default;
};

// A request about an object or a collection.
struct ApiRequest {
  Identity who = {};
  Verb verb = Verb::Get;
  Target target = {};
  Options options = {};
  Body body = {};
  Form form = {};
  std::string user_agent = {};  // the field manager when none is named
};

// A request for anything else: discovery, health, metrics, raw handlers.
struct PathRequest {
  Identity who = {};
  std::string method = "GET";
  std::string path = {};
  Options options = {};
  std::string body = {};
  std::string accept = {};
  std::string if_none_match = {};
};

using AnyRequest = std::variant<ApiRequest, PathRequest>;

}  // namespace slipway::apiserver
