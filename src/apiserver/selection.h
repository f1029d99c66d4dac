// Which objects of a collection a request is about: namespace, label and field selectors.
#pragma once

#include "api/scheme.h"
#include "apiserver/request.h"
#include "base/error.h"
#include "data/selector.h"
#include "store/store.h"

namespace slipway::apiserver {

class Selection {
 public:
  // BadRequest for a selector that cannot be read, or a field that the kind does not offer.
  static base::Result<Selection> of(const api::Kind& kind, const Target& target, const Options& options);

  bool matches(const store::Entry& entry) const;
  bool is_everything() const { return labels_.is_empty() && fields_.is_empty(); }  // within the namespace
  const std::string& space() const { return space_; }

 private:
  std::string space_;
  std::string name_;  // of a watch on one object by its URL
  data::LabelSelector labels_;
  data::FieldSelector fields_;
};

}  // namespace slipway::apiserver
