#include "core/frames/gdal/library.h"

#include <cstdint>
#include <mutex>

#include "core/base/error.h"
#include "core/base/text.h"

// HDF5 prints its own account of every error, a list for each thread, and GDAL has no switch for it. The library is
// loaded with GDAL; its headers are not needed for this one function.
extern "C" int H5Eset_auto2(std::int64_t stack, void* printer, void* data) __attribute__((weak));

namespace nextframe::gdal {

void prepare_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    CPLSetConfigOption("GDAL_PAM_ENABLED", "NO");
    CPLSetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR");
    CPLSetConfigOption("CPL_VSIL_GZIP_WRITE_PROPERTIES", "NO");
    GDALAllRegister();
  });
}

QuietErrors::QuietErrors() {
  CPLPushErrorHandlerEx(&QuietErrors::collect, this);
  if (H5Eset_auto2 != nullptr) H5Eset_auto2(0, nullptr, nullptr);
}

QuietErrors::~QuietErrors() { CPLPopErrorHandler(); }

void CPL_STDCALL QuietErrors::collect(CPLErr level, CPLErrorNum, const char* message) {
  auto& self = *static_cast<QuietErrors*>(CPLGetErrorHandlerUserData());
  if (level >= CE_Failure && self.first_.empty()) self.first_ = to_valid_utf8(message);
}

std::string wkt_of(const OGRSpatialReference& system) {
  constexpr const char* kFormat[] = {"FORMAT=WKT2_2019", "MULTILINE=NO", nullptr};
  char* text = nullptr;
  std::string wkt;
  if (system.exportToWkt(&text, kFormat) == OGRERR_NONE && text != nullptr) wkt = text;
  CPLFree(text);
  return wkt;
}

OGRSpatialReference system_of(const std::string& projection) {
  prepare_library();
  const QuietErrors errors;
  OGRSpatialReference system;
  if (projection.empty() || system.SetFromUserInput(projection.c_str()) != OGRERR_NONE) {
    reject("[radar] \"{}\": no coordinate system; expected WKT, a PROJ string or EPSG:number{}", projection,
           errors.text());
  }
  system.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  return system;
}

}  // namespace nextframe::gdal
