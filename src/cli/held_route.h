// A route that a release under way has split: who applies its manifest again changes nothing, although the fields that
// carry the split are somebody else's for now.
#pragma once

#include <string>

#include "cli/commands.h"
#include "data/value.h"

namespace slipway::cli {

// The Release that splits this object, a route or what stands for one, while it releases; null: none does.
data::Value splitter_of(Setting& s, const api::Resource& resource, const std::string& space, const std::string& name);

// `live` without the split is `wanted`: what the object would be when the manifest won. Pure.
bool is_same_without_split(const data::Value& live, const data::Value& wanted, const data::Value& release);

}  // namespace slipway::cli
