// The patch types of the Kubernetes API that need no schema, and the one that does.
#pragma once

#include <string_view>

#include "base/error.h"
#include "data/value.h"

namespace slipway::data {

// RFC 6902. At most 10,000 operations. A failing `test` and a bad path are Invalid; a malformed patch BadRequest;
// copies that add up to more than a million values, or a result nested deeper than parse_json reads, TooLarge. As the
// API server does, negative indexes count from the end, and `test` for null holds where nothing is.
base::Result<Value> apply_json_patch(const Value& document, const Value& patch);

// RFC 7386. All arrays are replaced as a whole, and null means absent.
Value apply_merge_patch(const Value& document, const Value& patch);
// The smallest merge patch that turns `from` into `to`; an empty object when equal. Nulls in the objects of `to` cannot
// be expressed: the patch leaves those members out.
Value diff_merge_patch(const Value& from, const Value& to);

// What strategic merge must know of a list or map field. The api module answers from its schema tables.
class MergeSchema {
 public:
  enum class List { Atomic, MergeByKey, MergeSet };
  struct Field {
    List list = List::Atomic;
    std::string_view merge_key = {};       // for MergeByKey
    bool retain_keys = false;              // patchStrategy retainKeys on a map
    const MergeSchema* element = nullptr;  // schema of the map, or of the list's elements; null: unknown
  };
  virtual ~MergeSchema() = default;
  virtual Field field(std::string_view name) const = 0;
};

// Strategic merge patch with $patch, $deleteFromPrimitiveList, $setElementOrder and $retainKeys
// (sig-api-machinery: strategic-merge-patch.md). `schema` is that of the whole object; null: all lists are atomic.
// Directives that are not understood are BadRequest, list elements without their merge key Invalid.
base::Result<Value> apply_strategic_patch(const Value& document, const Value& patch, const MergeSchema* schema);

}  // namespace slipway::data
