// The schema-table language, and how a group of kinds is put together.
//
// A family is one API group version: a text table and, where a table cannot say it, a little code. A new kind is a new
// `kind` block; it then has strict decoding, defaults, validation, patches, server-side apply, discovery, `kubectl get`
// columns and `kubectl explain`. The text has one line per field:
//
//   # comment
//   type ProbeSpec atomic                          | A shared type; the doc follows " | ". Flags: atomic, preserve.
//     path        1 string   required              | name, protobuf number (- : none), type, attributes, doc
//     port        2 *int32   =8080 min=1 max=65535
//     headers     3 []Header list=map(name)
//     ...         4 OtherType                      | the fields of OtherType stand here (in JSON, not in protobuf)
//   kind Widget widgets short=wd categories=all status scale name=label cluster   | like a type; apiVersion, kind and
//     spec        2 WidgetSpec required                                             metadata are there by themselves
//
// Types: string int32 int64 double bool quantity intOrString time microTime duration bytes any fields (FieldsV1), a
// `type` of
//   this family or of another one, []T, {}T (map with string keys). `*T`: absent and empty (0, "", false, {}) are
//   different things; without the star an empty value means absent, and is dropped on decode.
// Attributes of a field:
//   required         must be there (a string also not empty)        keep         empty is not dropped (but not
//   required) immutable        never changes after it was set                 =VALUE       default, JSON without
//   blanks; bare text for strings enum=A,B min=N max=N minLength=N maxLength=N pattern=RE2        value rules; for []
//   and {} they hold for each element minItems=N maxItems=N                                           of a list atomic
//   object, map replaced as a whole by apply       nullable     null is kept (custom resources) preserve         object
//   whose unknown fields stay               embedded     object with apiVersion, kind, metadata of its own merge=KEY
//   merge  strategic merge by key; as a set               retainKeys   strategic merge drops what $retainKeys omits
//   list=map(K,..) list=set list=atomic set                         server-side apply; follows from merge= when not
//   given, else atomic
// Flags of a kind: short=A,B categories=A,B singular=NAME cluster status scale custom (no strategic merge patch)
//   bare (no metadata) virtual=create (only these verbs, nothing is stored) name=subdomain|label|label1035|path
//   selectable=PATH,PATH
//
// A mistake in a table is a bug and stops the program at start-up, saying the line.
#pragma once
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/scheme.h"

namespace slipway::api::kinds {

// What code adds to one kind of a table.
struct KindRules {
  std::vector<Column> columns = {};  // of `kubectl get`, NAME first; empty: NAME and AGE
  std::function<void(const data::Value&, const data::Value&, std::vector<base::Cause>&)> check = {};  // Kind::check
  void (*begin)(data::Value& object) = nullptr;                                                       // Kind::begin
  std::vector<Subresource> subresources = {};  // Kind::subresources
};

struct Family {
  std::string group;    // "apps"; "" for the core group
  std::string version;  // "v1"
  std::string package;  // prefix of OpenAPI names: "io.k8s.api.apps.v1"
  std::string_view table;
  std::map<std::string, TypeRules, std::less<>> types = {};  // by type or kind name
  std::map<std::string, KindRules, std::less<>> kinds = {};
};

// All kinds of the families, in order. A type name means the family's own type first, then the first family that has
// it.
std::vector<Kind> load(const std::vector<Family>& families);

// The families of the program, one file each.
Family meta();
Family volumes();
Family containers();
Family pod();
Family core();
Family apps();
Family discovery();
Family coordination();
Family rbac();
Family authorization();
Family authentication();
Family autoscaling();
Family policy();
Family apiextensions();
Family gateway();
Family slipway();

}  // namespace slipway::api::kinds
