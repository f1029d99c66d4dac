// The kinds that a server knows: built-in tables and, at run time, CustomResourceDefinitions.
//
// A `Scheme` is immutable and shared: adding a CRD makes a new Scheme (`with`), so that readers need no lock.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/resource.h"
#include "api/schema.h"
#include "base/error.h"
#include "base/time.h"
#include "data/json.h"
#include "data/value.h"

namespace slipway::api {

// A column of `kubectl get`. `value` computes the cell; `path` (JSONPath subset ".spec.replicas") serves CRDs.
struct Column {
  std::string name;
  std::string type = "string";  // string, integer, number, boolean, date
  std::string format = {};      // "name" for the name column
  std::string description = {};
  int priority = 0;  // > 0: only with -o wide
  std::function<data::Value(const data::Value& object, base::Time now)> value = {};
  std::string path = {};
};

struct ScalePaths {
  std::string spec_replicas = ".spec.replicas";
  std::string status_replicas = ".status.replicas";
  std::string selector = ".spec.selector";  // a LabelSelector, or a string
};

// A further endpoint of an object beside status and scale: pods/log answers get.
struct Subresource {
  std::string name;
  std::string group, version, kind;  // of what it takes or gives
  std::vector<std::string> verbs;
};

struct Kind {
  Resource resource;
  std::string singular;
  std::string list_kind;
  std::vector<std::string> short_names = {};
  std::vector<std::string> categories = {};  // "all"
  bool has_status = false;                   // status subresource
  std::optional<ScalePaths> scale = {};
  SchemaPtr schema;
  std::vector<Column> columns = {};            // without NAMESPACE; empty: name and age
  std::vector<Subresource> subresources = {};  // beside status and scale
  std::vector<std::string> selectable = {};    // field selectors beyond metadata.name and metadata.namespace
  bool custom = false;                         // from a CRD: no strategic merge, no protobuf
  std::string crd = {};                        // name of the CustomResourceDefinition that it is from
  std::string storage_version = {};            // version that its objects are stored in; empty: its own
  bool stored = true;  // false: a question (SelfSubjectAccessReview) or a subresource's kind (Scale)
  std::vector<std::string> verbs = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
  // Rules that tables cannot say. `old` is null on create. Problems are appended with their field paths.
  std::function<void(const data::Value& object, const data::Value& old, std::vector<base::Cause>& problems)> check = {};
  // What the server says itself when an object is created (a Pod's phase); runs after client fields were dropped.
  void (*begin)(data::Value& object) = nullptr;
  // Names: which rule metadata.name follows.
  enum class Name { Subdomain, Label, Label1035, Path } name_rule = Name::Subdomain;
};

class Scheme {
 public:
  // All built-in kinds, loaded once.
  static std::shared_ptr<const Scheme> builtin();

  const Kind* find(std::string_view group, std::string_view version, std::string_view plural) const;
  const Kind* find_kind(std::string_view api_version, std::string_view kind) const;
  const std::vector<std::shared_ptr<const Kind>>& kinds() const { return kinds_; }  // in registration order

  // With the kinds of a CRD added or replaced / removed. Invalid when the CRD's schema cannot be used. A built-in kind
  // of the same group, version and plural stays as it is.
  base::Result<std::shared_ptr<const Scheme>> with_crd(const data::Value& crd) const;
  std::shared_ptr<const Scheme> without_crd(const data::Value& crd) const;
  void add(Kind kind);  // while building

 private:
  std::vector<std::shared_ptr<const Kind>> kinds_;
};

// --- decoding ---------------------------------------------------------------------------------------------

// Brings a decoded document into the form of its schema: drops nulls and empty optional values, checks types, prunes
// unknown fields. Unknown fields go to `unknown` (paths, for strict validation); wrong types to `problems` (all of
// them, not the first).
data::Value conform(const Kind& kind, const data::Value& object, std::vector<std::string>& unknown,
                    std::vector<base::Cause>& problems);
// The body of an application/vnd.kubernetes.protobuf message, envelope included.
base::Result<data::Value> decode_protobuf(const Scheme& scheme, std::string_view bytes);

// --- the life of an object --------------------------------------------------------------------------------

// Fills in defaults, those of tables and those of code. Idempotent.
data::Value with_defaults(const Kind& kind, data::Value object);
// All problems of an object: required fields, value rules, names, `Kind::check`, immutable fields. `old` is null on
// create.
std::vector<base::Cause> validate(const Kind& kind, const data::Value& object, const data::Value& old);
// The Invalid error of these problems: `Deployment.apps "web" is invalid: spec.replicas: Invalid value: ...`.
base::Error invalid_object(const Kind& kind, std::string_view name, std::vector<base::Cause> problems);
// Create: keeps what a client may say (drops status where it is a subresource, uid, managedFields ...). Update: carries
// over from `old` what a client may not change; a status update takes only the status from `object`. Sets generation.
data::Value prepare_create(const Kind& kind, data::Value object);
data::Value prepare_update(const Kind& kind, data::Value object, const data::Value& old);
data::Value prepare_status_update(const Kind& kind, const data::Value& object, const data::Value& old);

// --- answers ----------------------------------------------------------------------------------------------

enum class IncludeObject { None, Metadata, Object };
// meta.k8s.io/v1 Table of these objects. `list_metadata` is put on the table.
data::Value make_table(const Kind& kind, const std::vector<data::Value>& objects, const data::Value& list_metadata,
                       IncludeObject include, base::Time now);
data::Value aggregated_discovery(const Scheme& scheme, bool core_only);  // /api and /apis, v2
data::Value group_list(const Scheme& scheme);                            // /apis, plain
data::Value resource_list(const Scheme& scheme,
                          std::string_view group_version);  // /api/v1, /apis/apps/v1; null: unknown
// /openapi/v3. The hash in each URL is that of the document, so this makes them all: keep the answer with the scheme.
data::Value openapi_index(const Scheme& scheme);
data::Value openapi_document(const Scheme& scheme, std::string_view group_version);
data::Value make_status(const base::Error& error);  // metav1.Status of a failure

// --- server-side apply ------------------------------------------------------------------------------------

// Everything below works on metadata.managedFields as the API documents it (FieldsV1).
struct ApplyOptions {
  std::string manager;
  bool force = false;
  std::string subresource = {};
  base::Time now;
};
// Merges `applied` into `live` (null: create). Conflict with one FieldManagerConflict cause per field unless forced.
base::Result<data::Value> server_side_apply(const Kind& kind, const data::Value& live, const data::Value& applied,
                                            const ApplyOptions& options);
// Gives fields that differ between `before` (null on create) and `after` to `manager` with operation Update.
data::Value track_update(const Kind& kind, const data::Value& before, data::Value after, const std::string& manager,
                         const std::string& subresource, base::Time now);

}  // namespace slipway::api
