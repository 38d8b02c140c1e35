"""Writes files in h5py's usual forms, old and new, that mutations start from: make_corpus.py FOLDER. Without h5py, 77."""
import os
import sys

try:
    import h5py
    import numpy as np
except ImportError:
    sys.exit(77)

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
for version in ("earliest", "v108", "v110"):
    with h5py.File(os.path.join(folder, f"h5py_{version}.h5"), "w", libver=(version, "v110")) as f:
        model = f.create_group("model")
        model["weight"] = np.arange(6, dtype="f4").reshape(2, 3)
        model["name"] = "text"
        model["bytes"] = np.bytes_("text")
        model["count"] = 3
        model.create_dataset("packed", data=np.arange(300.0), chunks=(50,), compression="gzip", shuffle=True)
        model.create_dataset("checked", data=np.arange(300.0), chunks=(50,), fletcher32=True)
        f.attrs["author"] = np.bytes_("me")
        f["layer/bias"] = np.zeros(4, ">f8")
    with h5py.File(os.path.join(folder, f"h5py_{version}_large.h5"), "w", libver=(version, "v110")) as f:
        many = f.create_group("model", track_order=version != "earliest")
        for i in range(40):
            many[f"value{i}"] = np.int16(i)
        for i in range(20):
            many.attrs[f"attribute{i}"] = i
        f.create_dataset("endless", data=np.arange(400.0), chunks=(3,), maxshape=(None,))
        f.create_dataset("both", data=np.arange(400.0).reshape(20, 20), chunks=(3, 3), maxshape=(None, None))
        f.create_dataset("paged", data=np.arange(1500, dtype="i1"), chunks=(1,))
