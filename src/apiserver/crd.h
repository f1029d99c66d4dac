// CustomResourceDefinitions: names accepted, kinds served, instances removed with their definition.
//
// The served Scheme is the built-in one with every accepted CRD of the published snapshot. A definition for a kind that
// is built in is kept as an object, and the built-in kind goes on serving.
#pragma once

#include <memory>

#include "api/scheme.h"
#include "base/error.h"
#include "data/value.h"
#include "store/store.h"

namespace slipway::apiserver {

// Keeps a definition until its instances are gone.
inline constexpr std::string_view kInstanceFinalizer = "customresourcecleanup.apiextensions.k8s.io";

// A definition as it is stored: finalizer, conditions NamesAccepted and Established, acceptedNames, storedVersions.
// Invalid when its schema cannot be used. A definition whose names are taken is stored but not served.
base::Result<data::Value> admitted_crd(const api::Scheme& scheme, const store::Snapshot& head, data::Value crd,
                                       const data::Value& old, base::Time now);

std::shared_ptr<const api::Scheme> scheme_of(const store::Snapshot& snapshot);

// Does the server know this kind without the definition?
bool is_built_in(const data::Value& crd);

// "widgets.example.com": the store's name for the instances.
std::string instances_of(const data::Value& crd);

}  // namespace slipway::apiserver
