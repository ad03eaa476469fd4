#pragma once

#include <gdal_priv.h>
#include <ogr_spatialref.h>

#include <memory>
#include <string>

/// What reading and writing rasters share of the library.
namespace nextframe::gdal {

/// Once a process: no files beside the user's data, no search through folders of a hundred thousand files.
void prepare_library();

/// While it lives, this thread's errors of GDAL and HDF5 are collected here instead of printed.
class QuietErrors {
 public:
  QuietErrors();
  ~QuietErrors();
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;

  bool any() const { return !first_.empty(); }
  /// ": text of the first error", or nothing.
  std::string text() const { return first_.empty() ? "" : ": " + first_; }

 private:
  static void CPL_STDCALL collect(CPLErr level, CPLErrorNum, const char* message);

  std::string first_;
};

struct CloseDataset {
  void operator()(GDALDataset* dataset) const { GDALClose(dataset); }
};
using DatasetHandle = std::unique_ptr<GDALDataset, CloseDataset>;

std::string wkt_of(const OGRSpatialReference& system);

/// Rejects a text that is no coordinate system.
OGRSpatialReference system_of(const std::string& projection);

}  // namespace nextframe::gdal
