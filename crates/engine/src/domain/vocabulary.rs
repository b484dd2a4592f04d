//! The closed vocabularies of the contract. Each enum's JSON form is its `snake_case` name.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! vocabulary {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every word of this vocabulary, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used in JSON, SQL and content.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads the word back.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        // Written by hand: the derive does not see a `rename` whose word comes through a macro, and would document the Rust names.
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(SchemaType::Type(Type::String))
                    .description(Some(concat!($($doc),*).trim()))
                    .enum_values(Some(Self::ALL.iter().map(|word| word.as_str())))
                    .into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

vocabulary!(
    /// What is ordered.
    Service {
        /// Drugs: chemotherapy, immunotherapy, supportive.
        MedicalOncology = "medical_oncology",
        /// Radiation treatment.
        RadiationOncology = "radiation_oncology",
    }
);

vocabulary!(
    /// Radiation modality.
    Modality {
        /// Opposed or single fields without a plan by volume.
        TwoD = "two_d",
        /// 3D conformal.
        ThreeDConformal = "three_d_conformal",
        /// Intensity-modulated.
        Imrt = "imrt",
        /// Stereotactic body.
        Sbrt = "sbrt",
        /// Stereotactic radiosurgery.
        Srs = "srs",
        /// Proton beam.
        ProtonBeam = "proton_beam",
        /// Brachytherapy.
        Brachytherapy = "brachytherapy",
        /// Electrons.
        Electron = "electron",
        /// Superficial or orthovoltage X-rays.
        Superficial = "superficial",
        /// Image-guided.
        Igrt = "igrt",
        /// Intraoperative.
        Iort = "iort",
        /// Another one.
        Other = "other",
    }
);

vocabulary!(
    /// Where treatment is given.
    Setting {
        /// Not admitted.
        Outpatient = "outpatient",
        /// Admitted to a hospital.
        Inpatient = "inpatient",
    }
);

vocabulary!(
    /// How fast an answer is needed.
    Urgency {
        /// The ordinary clock.
        Standard = "standard",
        /// The urgent clock.
        Urgent = "urgent",
    }
);

vocabulary!(
    /// How the order reached us (SUB-07).
    Channel {
        /// A provider portal.
        Portal = "portal",
        /// The call center.
        Phone = "phone",
        /// Fax.
        Fax = "fax",
        /// Letter.
        Mail = "mail",
        /// Another system.
        Api = "api",
    }
);

impl Channel {
    /// Electronic submission, as Michigan law asks for (SUB-07).
    pub const fn is_electronic(self) -> bool {
        matches!(self, Self::Portal | Self::Api)
    }
}

vocabulary!(
    /// Line or setting of treatment, as the submitter states it.
    LineOfTreatment {
        /// Before surgery.
        Neoadjuvant = "neoadjuvant",
        /// After surgery.
        Adjuvant = "adjuvant",
        /// Before and after surgery.
        Perioperative = "perioperative",
        /// With curative intent, without surgery.
        Definitive = "definitive",
        /// After definitive treatment.
        Consolidation = "consolidation",
        /// Keeping a response.
        Maintenance = "maintenance",
        /// First line.
        FirstLine = "first_line",
        /// Second line.
        SecondLine = "second_line",
        /// Exactly third line.
        ThirdLine = "third_line",
        /// Third line or later.
        ThirdLinePlus = "third_line_plus",
    }
);

vocabulary!(
    /// Last response of a treatment that an order continues.
    Response {
        /// No sign of the disease is left.
        Complete = "complete_response",
        /// The disease has shrunk.
        Partial = "partial_response",
        /// The disease neither shrank nor grew.
        Stable = "stable_disease",
        /// None was there to be seen, as after surgery.
        NoEvidence = "no_evidence_of_disease",
        /// The disease has grown.
        Progressive = "progressive_disease",
        /// Nobody has looked.
        NotEvaluated = "not_evaluated",
    }
);

vocabulary!(
    /// Whether a treatment that an order continues is tolerated.
    Toxicity {
        /// It can go on.
        Acceptable = "acceptable",
        /// It cannot go on.
        Unacceptable = "unacceptable",
        /// Not known.
        Unknown = "unknown",
    }
);

vocabulary!(
    /// Aim of treatment.
    TreatmentGoal {
        /// Cure.
        Curative = "curative",
        /// Control or comfort.
        Palliative = "palliative",
    }
);

vocabulary!(
    /// Role of a drug in the order.
    DrugRole {
        /// Against the cancer.
        Treatment = "treatment",
        /// Against side effects.
        Supportive = "supportive",
        /// Studied in a clinical trial (DRG-08).
        Investigational = "investigational",
    }
);

vocabulary!(
    /// Unit of an ordered dose.
    DoseUnit {
        /// Milligrams.
        Mg = "mg",
        /// Micrograms.
        Mcg = "mcg",
        /// Grams.
        G = "g",
        /// International or product units.
        Units = "units",
        /// Millions of units.
        MillionUnits = "million_units",
        /// Milligrams per square metre of body surface.
        MgPerM2 = "mg/m2",
        /// Milligrams per kilogram of body weight.
        MgPerKg = "mg/kg",
        /// Micrograms per kilogram of body weight.
        McgPerKg = "mcg/kg",
        /// Micrograms per square metre of body surface.
        McgPerM2 = "mcg/m2",
        /// Units per square metre of body surface.
        UnitsPerM2 = "units/m2",
        /// Units per kilogram of body weight.
        UnitsPerKg = "units/kg",
        /// Target area under the curve, mg/mL·min (Calvert).
        Auc = "auc",
        /// Millicuries.
        Mci = "mci",
        /// Microcuries per kilogram of body weight.
        UciPerKg = "uci/kg",
        /// One container, treatment or infusion.
        Each = "each",
        /// Millilitres, of what is dosed by volume.
        Ml = "ml",
        /// Milliequivalents.
        Meq = "meq",
    }
);

impl DoseUnit {
    /// True for a dose that body measures turn into an amount.
    pub const fn is_relative(self) -> bool {
        matches!(
            self,
            Self::MgPerM2
                | Self::MgPerKg
                | Self::McgPerKg
                | Self::McgPerM2
                | Self::UnitsPerM2
                | Self::UnitsPerKg
                | Self::Auc
                | Self::UciPerKg
        )
    }
}

vocabulary!(
    /// Sex on the roster or in the order, for creatinine clearance.
    Sex {
        /// Female.
        Female = "female",
        /// Male.
        Male = "male",
    }
);

vocabulary!(
    /// Risk factors for febrile neutropenia that a submitter may tick (DEV-06).
    FnRiskFactor {
        /// 65 years or older.
        Age65OrOlder = "age_65_or_older",
        /// Earlier chemotherapy or radiation.
        PriorChemotherapyOrRadiation = "prior_chemotherapy_or_radiation",
        /// Persistent neutropenia.
        PersistentNeutropenia = "persistent_neutropenia",
        /// Tumor in the bone marrow.
        BoneMarrowInvolvement = "bone_marrow_involvement",
        /// Recent surgery or open wounds.
        RecentSurgeryOrOpenWounds = "recent_surgery_or_open_wounds",
        /// Liver dysfunction (bilirubin above 2.0 mg/dL).
        LiverDysfunction = "liver_dysfunction",
        /// Renal dysfunction (creatinine clearance below 50 mL/min).
        RenalDysfunction = "renal_dysfunction",
        /// ECOG 2 or worse.
        PoorPerformanceStatus = "poor_performance_status",
        /// HIV infection.
        HivInfection = "hiv_infection",
        /// An earlier episode of febrile neutropenia.
        PriorFebrileNeutropenia = "prior_febrile_neutropenia",
        /// Advanced disease.
        AdvancedDisease = "advanced_disease",
    }
);

vocabulary!(
    /// Line of business of a member's coverage.
    LineOfBusiness {
        /// Commercial.
        Commercial = "commercial",
        /// Medicare Advantage.
        MedicareAdvantage = "medicare_advantage",
        /// Medicaid.
        Medicaid = "medicaid",
        /// Medicare Advantage and Medicaid.
        DualEligible = "dual_eligible",
        /// Federal Employee Program.
        Fep = "fep",
    }
);

vocabulary!(
    /// What a service needs before it is given (COV-01).
    CoverageRequirement {
        /// Asked for and approved before the service.
        PriorAuthorization = "prior_authorization",
        /// The plan is told; nothing is decided before.
        Notification = "notification",
        /// Review of an inpatient stay, in the Federal Employee Program's words.
        Precertification = "precertification",
        /// Review of a service or drug, in the Federal Employee Program's words.
        PriorApproval = "prior_approval",
        /// Nothing.
        None = "none",
        /// The source does not say: ask the plan.
        CheckBenefits = "check_benefits",
    }
);

vocabulary!(
    /// Where a service is given, as coverage requirements tell places apart.
    CoverageSetting {
        /// Not admitted.
        Outpatient = "outpatient",
        /// In an office.
        Office = "office",
        /// At the member's home.
        Home = "home",
        /// As part of an outpatient surgery.
        OutpatientSurgery = "outpatient_surgery",
        /// In an emergency department.
        Emergency = "emergency",
        /// Under observation.
        Observation = "observation",
        /// Admitted to a hospital.
        Inpatient = "inpatient",
    }
);

vocabulary!(
    /// Where a member was before an admission.
    CoverageAdmission {
        /// In an emergency department.
        EmergencyDepartment = "emergency_department",
        /// Anywhere else: a planned or direct admission.
        Elsewhere = "elsewhere",
    }
);

vocabulary!(
    /// What is requested of a service that is given in visits.
    CoverageRequest {
        /// The first visits.
        Initial = "initial",
        /// Visits beyond them.
        Extension = "extension",
        /// A new episode of care within the same period.
        NewEpisode = "new_episode",
    }
);

vocabulary!(
    /// Whether habilitation and rehabilitation are one benefit.
    HabilitationBenefit {
        /// One benefit for both.
        Combined = "combined",
        /// A benefit of its own.
        Separate = "separate",
    }
);

vocabulary!(
    /// Who a token acts as.
    CallerRole {
        /// Staff of a practice that orders.
        OrderingProvider = "ordering_provider",
        /// Staff of a practice that treats.
        ServicingProvider = "servicing_provider",
        /// Call center.
        Intake = "intake",
        /// Oncology nurse of the administrator.
        Nurse = "nurse",
        /// Medical oncologist of the administrator.
        Physician = "physician",
        /// A health plan, for its own members.
        HealthPlan = "health_plan",
        /// Runs the service.
        Administrator = "administrator",
    }
);

vocabulary!(
    /// Status of one drug (DRG-01…07).
    DrugStatus {
        /// The administrator does not review this drug; another entity may (DRG-01, DRG-08).
        ClinicalReviewNotRequired = "clinical_review_not_required",
        /// Reviewed, policy met (DRG-02).
        Authorized = "authorized",
        /// Reviewed by a physician, policy not met (DRG-02, DET-04).
        NonAuthorized = "non_authorized",
        /// Another entity's review is required (DRG-03).
        OtherImpact = "other_impact",
        /// The plan may have to review it (DRG-04).
        ReferToHealthPlan = "refer_to_health_plan",
        /// Withdrawn by the office (DRG-05).
        VoluntarilyCancelled = "voluntarily_cancelled",
        /// Withdrawn as an entry error (DRG-06).
        NotReviewedErrorEntry = "not_reviewed_error_entry",
        /// Clinical review pending (DRG-07).
        InProgress = "in_progress",
    }
);

vocabulary!(
    /// Status of a case, always derived from its drugs (CAS-01…09).
    CaseStatus {
        /// Clinical review pending.
        InProgress = "in_progress",
        /// No drug needed the administrator's review.
        Completed = "completed",
        /// Every drug that needed review is authorized.
        Authorized = "authorized",
        /// A reviewed treatment drug is not authorized.
        NonAuthorized = "non_authorized",
        /// Treatment authorized, a supportive drug denied.
        MultipleDecisionsRendered = "multiple_decisions_rendered",
        /// A duplicate, or everything was withdrawn.
        ReviewCancelled = "review_cancelled",
    }
);

impl CaseStatus {
    /// Statuses that carry an Order ID (DET-09).
    pub const fn has_order_id(self) -> bool {
        matches!(self, Self::Completed | Self::Authorized | Self::MultipleDecisionsRendered)
    }
}

vocabulary!(
    /// A reason at case level that keeps every drug from a final status until it is lifted (CAS-08).
    Hold {
        /// No evidence-based regimen matches (DEV-01).
        CustomTreatmentPlan = "custom_treatment_plan",
        /// A similar request is on file (DUP-01).
        PossibleDuplicate = "possible_duplicate",
        /// The servicing provider was entered by hand (SUB-11).
        ServicingProviderNotOnFile = "servicing_provider_not_on_file",
        /// Only supportive drugs are ordered (SUB-04).
        SupportiveOnly = "supportive_only",
        /// Radiation that no rule of content speaks of: a nurse looks.
        RadiationReview = "radiation_review",
        /// A nurse reads the plan comparison.
        PlanComparisonReview = "plan_comparison_review",
        /// The area was irradiated before.
        ReIrradiation = "re_irradiation",
        /// Other treatment of this member on the same days is on file (CAS-08, SUB-03).
        OverlappingTreatment = "overlapping_treatment",
        /// A dose is beyond the outer bound of content (SAFE-06).
        DoseOutOfBounds = "dose_out_of_bounds",
        /// An ingredient twice on a day, or drugs that are never given together (SAFE-10).
        DuplicateTherapy = "duplicate_therapy",
    }
);

vocabulary!(
    /// Kind of deviation (DEV-01…07).
    DeviationCode {
        /// DEV-01.
        CustomTreatmentPlan = "custom_treatment_plan",
        /// DEV-02.
        CyclesDosing = "cycles_dosing",
        /// DEV-03.
        DoseWarning = "dose_warning",
        /// DEV-04.
        ClinicalMismatch = "clinical_mismatch",
        /// DEV-05.
        UnknownAnswer = "unknown_answer",
        /// DEV-06.
        FnRisk = "fn_risk",
        /// A clinical item that a dose or rule needs is missing.
        MissingClinicalInformation = "missing_clinical_information",
        /// INF-04.
        MissingPlanComparison = "missing_plan_comparison",
        /// SAFE-06: beyond the outer bound of content.
        DoseOutOfBounds = "dose_out_of_bounds",
        /// SAFE-08: a route that content does not allow for the product.
        RouteNotAllowed = "route_not_allowed",
        /// SAFE-09, SAFE-15: more, longer or closer together than content allows.
        LimitExceeded = "limit_exceeded",
        /// SAFE-10.
        DuplicateTherapy = "duplicate_therapy",
        /// SAFE-12: two answers that cannot both be true.
        Contradiction = "contradiction",
        /// No schedule of content is ordered.
        Fractionation = "fractionation",
        /// An acceptable schedule of more days than the preferred ones.
        OffPreferredSchedule = "off_preferred_schedule",
        /// A schedule that is not recommended.
        NotRecommendedSchedule = "not_recommended_schedule",
        /// The modality is not supported here.
        ModalityNotSupported = "modality_not_supported",
        /// A code or its units do not go with the treatment.
        ProcedureMismatch = "procedure_mismatch",
    }
);

vocabulary!(
    /// What a deviation did (DEV-07).
    DeviationEffect {
        /// Told only.
        None = "none",
        /// The case or drug goes to review.
        Pends = "pends",
        /// No enhanced reimbursement.
        OffPathway = "off_pathway",
        /// Both.
        PendsAndOffPathway = "pends_and_off_pathway",
    }
);

impl DeviationEffect {
    /// True where the deviation takes the order off Pathway.
    pub const fn is_off_pathway(self) -> bool {
        matches!(self, Self::OffPathway | Self::PendsAndOffPathway)
    }

    /// True where the deviation sends something to review.
    pub const fn pends(self) -> bool {
        matches!(self, Self::Pends | Self::PendsAndOffPathway)
    }

    /// The two parts put together.
    pub const fn of(pends: bool, off_pathway: bool) -> Self {
        match (pends, off_pathway) {
            (false, false) => Self::None,
            (true, false) => Self::Pends,
            (false, true) => Self::OffPathway,
            (true, true) => Self::PendsAndOffPathway,
        }
    }
}

vocabulary!(
    /// Whether the order follows a Pathway.
    PathwayDetermination {
        /// It does.
        OnPathway = "on_pathway",
        /// Pathways exist for the situation; this is not one (REG-04).
        OffPathway = "off_pathway",
        /// None exists for the situation (REG-03).
        NoPathwayAvailable = "no_pathway_available",
        /// The case is in progress (CAS-01).
        NotDetermined = "not_determined",
        /// The case is denied (SCD-11).
        NotEligible = "not_eligible",
    }
);

vocabulary!(
    /// Why S-codes were not awarded.
    SCodesWithheld {
        /// SCD-03.
        OutOfNetwork = "out_of_network",
        /// SCD-02.
        StateNotParticipating = "state_not_participating",
        /// SCD-01.
        OffPathway = "off_pathway",
        /// SCD-05: S0353 was awarded for this Pathway before.
        AlreadyAwarded = "already_awarded",
        /// The case is in progress or was never decided in the practice's favour.
        NotDecided = "not_decided",
        /// S-codes belong to drug regimens.
        NotApplicable = "not_applicable",
    }
);

vocabulary!(
    /// Notices on a case.
    NoticeCode {
        /// DUP-01.
        DuplicateOrder = "duplicate_order",
        /// SUB-03: other treatment on the same days.
        OverlappingTreatment = "overlapping_treatment",
        /// Radiation of this member at the same time as chemoradiation is ordered: no duplicate, but to be read together.
        ConcurrentRadiation = "concurrent_radiation",
        /// Drugs of chemoradiation at the same time as radiation is ordered.
        ConcurrentMedicalOncology = "concurrent_medical_oncology",
        /// radiation of the same or a neighbouring area at another time.
        EarlierRadiation = "earlier_radiation",
        /// SCD-03.
        OutOfNetwork = "out_of_network",
        /// SUB-05.
        Retrospective = "retrospective",
        /// SUB-09.
        UrgentCall = "urgent_call",
        /// SUB-11.
        ServicingProviderNotOnFile = "servicing_provider_not_on_file",
        /// SUB-07.
        ElectronicSubmissionLaw = "electronic_submission_law",
        /// The name entered differs from the provider file's name for this NPI.
        OrderingProviderNameDiffers = "ordering_provider_name_differs",
        /// INF-06: items that speed up review.
        RecommendedInformation = "recommended_information",
        /// PRG-05: a continued treatment.
        Continuation = "continuation",
        /// SAFE-14: the coverage ends before the range would.
        CoverageEnds = "coverage_ends",
        /// SAFE-11: the diagnosis is a category; claims need one of its codes.
        NotBillableDiagnosis = "not_billable_diagnosis",
    }
);

vocabulary!(
    /// What a letter says (DET-10).
    LetterKind {
        /// Something is authorized.
        Approval = "approval",
        /// Something is not.
        Denial = "denial",
    }
);

vocabulary!(
    /// Whom a letter is written to (DET-10).
    Addressee {
        /// The member.
        Member = "member",
        /// The ordering provider.
        Provider = "provider",
    }
);

vocabulary!(
    /// Outcome of a rule: unknown is never false.
    Truth {
        /// The rule holds.
        Met = "met",
        /// The rule does not hold.
        NotMet = "not_met",
        /// The facts do not say.
        Unknown = "unknown",
    }
);

impl Truth {
    /// Kleene conjunction.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::NotMet, _) | (_, Self::NotMet) => Self::NotMet,
            (Self::Met, Self::Met) => Self::Met,
            _ => Self::Unknown,
        }
    }

    /// Kleene disjunction.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Met, _) | (_, Self::Met) => Self::Met,
            (Self::NotMet, Self::NotMet) => Self::NotMet,
            _ => Self::Unknown,
        }
    }

    /// Kleene negation.
    #[must_use]
    pub const fn negate(self) -> Self {
        match self {
            Self::Met => Self::NotMet,
            Self::NotMet => Self::Met,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::Met } else { Self::NotMet }
    }
}

impl From<Option<bool>> for Truth {
    fn from(value: Option<bool>) -> Self {
        value.map_or(Self::Unknown, Self::from)
    }
}
