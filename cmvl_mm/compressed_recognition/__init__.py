"""Recognisers of compressed video from related work (CoViAR, EMV-CNN, DMC-Net), on MMAction2's networks."""
